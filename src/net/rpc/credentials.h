// The library's credentials, made of what net/tls.h has loaded and checked: it reads no file itself. Only
// for the .cc files of this folder.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "base/error.h"
#include "net/rpc/client.h"

struct ssl_ctx_st;

namespace allauth::net {

class ServerTls;

// Certificate, key and authorities of a context, as PEM. The key is wiped when it goes.
struct TlsPem {
  explicit TlsPem(ssl_ctx_st& context);
  ~TlsPem();
  TlsPem(const TlsPem&) = delete;
  TlsPem& operator=(const TlsPem&) = delete;

  std::string certificates;  // leaf first
  std::string key;
  std::string authorities;
};

// Each handshake uses what `tls` has loaded last; clear text without.
std::shared_ptr<grpc::ServerCredentials> server_credentials(std::shared_ptr<ServerTls> tls);

// Errors: those of net/tls.h.
Result<std::shared_ptr<grpc::ChannelCredentials>> client_credentials(const RpcClientOptions& options);

}  // namespace allauth::net
