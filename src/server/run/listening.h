// From the configuration of listeners to net's options: addresses, certificates, limits.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "codec/forwarded.h"
#include "net/http_limits.h"
#include "net/listener_options.h"
#include "net/tls.h"
#include "server/config/address.h"
#include "server/config/config.h"

namespace allauth::server {

// Null for clear text. Errors: those of net::ServerTls.
Result<std::shared_ptr<net::ServerTls>> load_tls(const TlsConfig& tls, std::vector<std::string> alpn);

// ListenerConfig and GatewayConfig name these things alike. Errors: config.address, those of load_tls.
template <class Part>
Result<net::ListenerOptions> listener_options(const Part& part, std::string name,
                                              std::vector<std::string> alpn) {
  TRY(auto address, parse_address(part.address, name));
  TRY(auto tls, load_tls(part.tls, std::move(alpn)));
  return net::ListenerOptions{.name = std::move(name),
                              .address = std::move(address.host),
                              .port = address.port,
                              .tls = std::move(tls),
                              .allow_plaintext = part.allow_plaintext,
                              .max_connections = static_cast<std::size_t>(part.max_connections),
                              .max_per_address = static_cast<std::size_t>(part.max_per_address)};
}

// Whom such a part believes. Says in the log when it is somebody who needs no credentials. Errors: those of
// Networks::parse.
template <class Part>
Result<http::Trust> make_trust(const Part& part, std::string_view name, Log& log) {
  TRY(auto callers, Networks::parse(part.trusted_callers));
  TRY(auto proxies, Networks::parse(part.trusted_proxies));
  if (!callers.empty())
    log.warn("callers from these networks need no credentials on faces that leave something open",
             {{"listener", name}, {"networks", part.trusted_callers}});
  return http::Trust{.callers = std::move(callers), .proxies = std::move(proxies)};
}

net::HttpLimits http_limits(const HttpConfig& http);

}  // namespace allauth::server
