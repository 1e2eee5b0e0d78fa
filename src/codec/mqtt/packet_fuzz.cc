// Any bytes: what decodes must encode to something that decodes to the same bytes again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/mqtt/packet.h"

using namespace allauth::mqtt;

namespace {

void try_one(const Frame& frame, Version version, Sender sender) {
  const auto packet = decode(frame, version, sender);
  if (!packet) return;
  std::string once;
  encode(once, *packet, version);
  const auto again = find_frame(once, once.size());
  if (!again || !*again) std::abort();
  const auto second = decode(**again, version, sender);
  if (!second) std::abort();
  std::string twice;
  encode(twice, *second, version);
  if (once != twice || peek_packet_id(frame) != peek_packet_id(**again)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto frame = find_frame(bytes, 1 << 20);
  if (!frame || !*frame) return 0;
  for (const auto version : {Version::v3_1_1, Version::v5}) {
    for (const auto sender : {Sender::client, Sender::server}) try_one(**frame, version, sender);
  }
  return 0;
}
