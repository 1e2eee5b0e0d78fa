// Any stream, cut in two anywhere, over two connections: a follower never falls over, and knows a place in
// the log only while its snapshot is a sound one.
#include <cstdint>
#include <cstdlib>

#include "policy/core_schema.h"
#include "server/stream/intake.h"

using namespace allauth;
using namespace allauth::server;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ManualClock clock;
  static Log log(clock, LogLevel::error, LogFormat::human, -1);
  static Metrics metrics;
  static const auto schema = policy::core_schema();
  store::SnapshotHub hub(schema, clock, log, metrics);
  Intake intake(hub, {.hello = [](const Hello&) -> Result<void> { return {}; }, .loaded = [] {}});
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto part : {bytes.substr(0, size / 2), bytes.substr(size / 2)}) {
    intake.begin();
    const bool good = intake.feed(encode_frame(Hello{})) && intake.feed(part) && intake.feed(bytes);
    if (intake.at() && !hub.healthy()) std::abort();
    if (good && intake.at() && hub.view()->revision() != intake.at()->revision) std::abort();
  }
  return 0;
}
