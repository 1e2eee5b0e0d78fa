#include "server/run/listening.h"

namespace allauth::server {

Result<std::shared_ptr<net::ServerTls>> load_tls(const TlsConfig& tls, std::vector<std::string> alpn) {
  if (tls.certificate.empty()) return nullptr;
  const auto certs = tls.client_ca.empty() ? net::ClientCerts::none
                     : tls.require_client  ? net::ClientCerts::required
                                           : net::ClientCerts::optional;
  return net::ServerTls::load({.certificate_file = tls.certificate,
                               .key_file = tls.key,
                               .client_ca_file = tls.client_ca,
                               .client_certs = certs,
                               .alpn = std::move(alpn)});
}

net::HttpLimits http_limits(const HttpConfig& http) {
  return {.body_bytes = static_cast<std::size_t>(http.max_body),
          .head_timeout = http.head_timeout,
          .body_timeout = http.body_timeout,
          .idle_timeout = http.idle_timeout};
}

}  // namespace allauth::server
