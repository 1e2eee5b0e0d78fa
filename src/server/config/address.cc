#include "server/config/address.h"

#include <fmt/format.h>

#include "base/text.h"

namespace allauth::server {

Result<Address> parse_address(std::string_view text, std::string_view what) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_u64(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (!port || *port > 65535 || host.empty())
    return fail(Code::invalid, "config.address",
                fmt::format("{}: expected host:port, got \"{}\"", what, text));
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string to_string(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port)
            : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace allauth::server
