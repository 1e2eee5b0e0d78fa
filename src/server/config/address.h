// "host:port" as configuration has it; IPv6 hosts in brackets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace allauth::server {

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// Error: config.address, whose message names `what`.
Result<Address> parse_address(std::string_view text, std::string_view what);
std::string to_string(const Address& address);

}  // namespace allauth::server
