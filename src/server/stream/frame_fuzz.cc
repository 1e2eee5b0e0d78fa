// Any bytes, cut in two anywhere: the frames are the same, and encoding them gives frames again.
#include <cstdint>
#include <cstdlib>

#include "server/stream/frame.h"

using namespace allauth;
using namespace allauth::server;

namespace {

struct Seen {
  bool good = true;
  std::string frames;
};

Seen read(std::string_view bytes, std::size_t cut) {
  Seen seen;
  FrameReader reader;
  const auto take = [&seen](Frame frame) -> Result<void> {
    seen.frames += encode_frame(frame);
    return {};
  };
  for (const auto part : {bytes.substr(0, cut), bytes.substr(cut)}) {
    seen.good = seen.good && reader.feed(part, take).has_value();
    if (reader.waiting() > kMaxFrame + 4) std::abort();
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read(bytes, size);
  const auto halves = read(bytes, size / 2);
  if (whole.good != halves.good || whole.frames != halves.frames) std::abort();
  const auto again = read(whole.frames, whole.frames.size());
  if (!again.good || again.frames != whole.frames) std::abort();
  return 0;
}
