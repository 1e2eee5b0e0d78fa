// Any headers: an origin, or none; and nobody is trusted whom the list of callers does not hold.
#include <cstdlib>

#include "base/text.h"
#include "codec/forwarded.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace allauth;
  static const http::Trust trust{.callers = Networks::parse("192.0.2.0/24").value(),
                                 .proxies = Networks::parse("10.0.0.0/8").value()};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  http::Headers headers{{"Host", "h"}};
  for (auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.push_back({std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
  }
  http::Peer peer{.address = "10.0.0.1", .certificate_der = {}, .via = {}};
  const auto forwarding = http::settle(trust, headers, peer);
  if (peer.trusted && !trust.callers.contains(peer.address)) std::abort();
  if (!IpAddress::parse(peer.address)) std::abort();
  if ((forwarding == http::Forwarding::believed) == peer.via.empty()) std::abort();
  return 0;
}
