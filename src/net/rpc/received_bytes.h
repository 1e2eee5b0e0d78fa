// Only for connections.cc; apart, since the kernel's header and the C library's cannot be included together.
#pragma once

#include <cstdint>

namespace allauth::net {

// What has come in over a TCP socket so far; 0 if it is none.
std::uint64_t received_bytes(int fd);

}  // namespace allauth::net
