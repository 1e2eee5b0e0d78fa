#include "server/run/gateways.h"

#include <thread>

#include "net/io.h"
#include "server/config/secret_file.h"
#include "server/run/listening.h"

namespace allauth::server {
namespace {

Result<mqtt::GatewayOptions> gateway_options(const GatewayConfig& config, const std::string& name) {
  TRY(const auto broker, parse_address(config.upstream.address, name + ".upstream.address"));
  TRY(auto listener, listener_options(config, name, {}));
  // A connection has that long for all that comes before its CONNECT.
  listener.handshake_timeout = config.connect_timeout;
  mqtt::GatewayOptions options{.name = name, .broker_host = broker.host, .broker_port = broker.port};
  options.listeners.push_back(std::move(listener));
  if (config.upstream.tls) {
    TRY(options.broker_tls, net::ClientTls::load({.ca_file = config.upstream.ca}));
  }
  options.session.limits.max_packet_size = static_cast<std::size_t>(config.max_packet);
  options.session.limits.connect_deadline = config.connect_timeout;
  options.session.login.username = config.upstream.username;
  if (!config.upstream.password_file.empty()) {
    TRY(options.session.login.password, read_secret_file(config.upstream.password_file));
  }
  return options;
}

}  // namespace

Result<Place> Gateways::start(const GatewayConfig& config, std::size_t index,
                              mqtt::Authenticator authenticator) {
  const std::string name = fmt::format("gateway.{}", index);
  TRY(auto options, gateway_options(config, name));
  options.on_denied = [this](const mqtt::Denial& denial) { denials_.add(denial); };
  TRY(auto started, mqtt::Gateway::start(io_, std::move(options), std::move(authenticator)));
  const Address bound{parse_address(config.address, name)->host, started->port()};
  running_.push_back(std::move(started));
  return Place{fmt::format("MQTT gateway to {}", config.upstream.address),
               fmt::format("{}://{}", config.tls.certificate.empty() ? "mqtt" : "mqtts", to_string(bound))};
}

// They are told at once; the last bytes to them take a moment.
void Gateways::drain(Millis longest) {
  constexpr Millis kLook{10};
  for (auto& gateway : running_) gateway->drain();
  const auto connected = [](const auto& gateway) { return gateway->connections() > 0; };
  for (Millis waited{0}; waited < longest && std::ranges::any_of(running_, connected); waited += kLook)
    std::this_thread::sleep_for(kLook);
}

}  // namespace allauth::server
