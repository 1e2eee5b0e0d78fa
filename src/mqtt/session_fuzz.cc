// Any bytes on both legs, cut anywhere, with time going on: the session must neither fail nor let
// anything pass to the broker that is denied. Input: chunks of [leg and event, length, bytes].
#include <cstdint>
#include <cstdlib>

#include "mqtt/session_rig.h"

using namespace allauth;
using namespace allauth::mqtt;

namespace {

// What reaches the broker must be well-formed, and nothing of it on a denied topic.
void check_broker_side(std::string_view bytes, Version version) {
  while (!bytes.empty()) {
    const auto frame = find_frame(bytes, 1 << 20);
    if (!frame || !*frame) std::abort();
    const auto packet = decode(**frame, version, Sender::client);
    if (!packet) std::abort();
    if (const auto* publish = std::get_if<Publish>(&*packet)) {
      if (publish->topic.starts_with("no/") || publish->topic.starts_with("err/")) std::abort();
      if (publish->qos == QoS::exactly_once) std::abort();
    }
    if (const auto* subscribe = std::get_if<Subscribe>(&*packet)) {
      for (const auto& entry : subscribe->entries) {
        if (entry.filter.starts_with("no/") || entry.qos() == QoS::exactly_once) std::abort();
      }
    }
    bytes.remove_prefix((*frame)->bytes.size());
  }
}

void apply_event(Rig& rig, unsigned event) {
  switch (event & 7) {
    case 0:
      return rig.pass(Millis(500));
    case 1:
      ++rig.policy.revision;
      return rig.pass(Millis(200));
    case 2:
      return rig.accept();
    case 3:
      return rig.session->broker_connected(rig.now, rig.out);
    case 4:
      return rig.session->broker_closed(rig.out);
    case 5:
      return rig.session->client_closed(rig.out);
    case 6:
      return rig.pass(Millis(60'000));
    default:
      return rig.session->release_idle();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto version = (data[0] & 1) != 0 ? v5 : v4;
  Rig rig(version);
  if ((data[0] & 2) != 0) rig.open();
  const bool opened = (data[0] & 2) != 0;
  std::size_t at = 1;
  while (at + 2 <= size) {
    const unsigned what = data[at];
    const auto length = std::min<std::size_t>(data[at + 1], size - at - 2);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + at + 2, length);
    at += 2 + length;
    if ((what & 3) == 0)
      apply_event(rig, what >> 2);
    else if ((what & 3) == 1)
      rig.from_broker(bytes);
    else
      rig.from_client(bytes);
    // Without open() the version is the client's choice.
    if (opened) check_broker_side(rig.out.to_broker, version);
    rig.out = {};
  }
  return 0;
}
