// TLS contexts, made from files. TLS 1.2 and 1.3, forward-secret AEAD suites only, no renegotiation,
// no compression (RFC 9325). Errors name the file and the cause. This header is free of OpenSSL.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"

struct ssl_ctx_st;

namespace allauth::net {

enum class ClientCerts {
  none,      // not asked for
  optional,  // asked for; one that is given must verify against the client CA
  required,  // no handshake without one
};

struct ServerTlsOptions {
  std::string certificate_file;  // PEM, leaf first, then intermediates
  std::string key_file;          // PEM, not encrypted, not accessible to "others"
  std::string client_ca_file;    // PEM; needed unless client_certs is none
  ClientCerts client_certs = ClientCerts::none;
  // Protocols offered by ALPN (RFC 7301), best first; a client that offers only others is refused.
  // Empty: the extension is ignored.
  std::vector<std::string> alpn = {"http/1.1"};
};

// The server side. New handshakes use the newest context that loaded without error; running
// connections keep theirs. Thread-safe.
//
// Reasons of errors: tls.cert.unreadable, tls.cert.invalid, tls.key.unreadable, tls.key.permissions,
// tls.key.invalid, tls.key.mismatch, tls.ca.unreadable, tls.ca.invalid, tls.alpn.invalid.
class ServerTls {
 public:
  static Result<std::shared_ptr<ServerTls>> load(ServerTlsOptions options);

  // Reads the files again (SIGHUP). On an error the old context stays in use.
  Result<void> reload();
  // Reads them again if one has changed since the last attempt; true if a new context is in use.
  // A broken file is reported once, not on every call. A Listener calls this now and then.
  Result<bool> reload_if_changed();

  // For Stream: the context of a new handshake.
  std::shared_ptr<ssl_ctx_st> context() const;
  const ServerTlsOptions& options() const { return options_; }
  // The ALPN protocols as they appear in the handshake.
  const std::string& alpn_wire() const { return alpn_wire_; }

 private:
  explicit ServerTls(ServerTlsOptions options) : options_(std::move(options)) {}
  Result<std::shared_ptr<ssl_ctx_st>> make() const;
  Result<void> reload_now(std::string fingerprint);
  std::string fingerprint() const;

  const ServerTlsOptions options_;
  std::string alpn_wire_;
  std::mutex reloading_;
  std::string seen_;  // times, sizes and inodes of the files at the last attempt
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

struct ClientTlsOptions {
  std::string ca_file;           // PEM; empty: the system's trust store
  std::string certificate_file;  // own certificate and key, if the peer asks for one; may be empty
  std::string key_file;
  std::vector<std::string> alpn;
};

// The client side: the peer's certificate must verify and be for the host that is dialled; there is
// no switch that turns this off. Immutable, thread-safe.
class ClientTls {
 public:
  static Result<std::shared_ptr<ClientTls>> load(const ClientTlsOptions& options);
  std::shared_ptr<ssl_ctx_st> context() const { return context_; }

 private:
  explicit ClientTls(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace allauth::net
