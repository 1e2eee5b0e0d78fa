// The baselines of the gRPC rows: servers that send each message back.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "bench/child.h"

namespace allauth::bench {

struct RpcEcho {
  Child process;
  std::uint16_t port;
};

// Only while there is one thread, and before gRPC is used in this process: each is a child of it, bound to
// `core`.
//
// The library's callback server and nothing else: no limits, no metadata, no books.
Result<RpcEcho> start_bare_rpc_echo(int core);
// net/rpc with a face that echoes.
Result<RpcEcho> start_rpc_echo(int core);

}  // namespace allauth::bench
