#include "mqtt/probe.h"

#include <array>
#include <string>

namespace allauth::mqtt {
namespace {

constexpr std::array<const char*, 13> kConnectResults = {
    "accepted",     "bad_credentials", "not_authorized", "bad_client_id", "banned",  "unavailable", "busy",
    "rate_limited", "unsupported",     "broker_refused", "malformed",     "timeout", "abandoned"};
constexpr std::array<const char*, 3> kOutcomes = {"granted", "denied", "error"};

void verdict_counters(Metrics& metrics, const char* name, const char* help, Counter* (&into)[3]) {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i)
    into[i] = &metrics.counter(name, help, fmt::format("verdict=\"{}\"", kOutcomes[i]));
}

}  // namespace

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::connect:
      return "connect";
    case Operation::will:
      return "will";
    case Operation::publish:
      return "publish";
    case Operation::subscribe:
      return "subscribe";
    case Operation::deliver:
      return "deliver";
    case Operation::stay:
      return "stay";
  }
  return "";
}

Probe::Probe(Metrics& metrics, OnDenied on_denied)
    : connections_(metrics.gauge("allauth_mqtt_connections", "MQTT clients connected now.")),
      protocol_errors_(metrics.counter("allauth_mqtt_protocol_errors_total",
                                       "Connections closed because a peer broke the protocol.")),
      kicks_(metrics.counter("allauth_mqtt_kicks_total", "Connections ended by policy or by an operator.")),
      on_denied_(std::move(on_denied)) {
  for (std::size_t i = 0; i < kResults; ++i)
    connects_[i] = &metrics.counter("allauth_mqtt_connects_total", "CONNECT packets by how they ended.",
                                    fmt::format("result=\"{}\"", kConnectResults[i]));
  verdict_counters(metrics, "allauth_mqtt_publishes_total", "PUBLISH packets from clients.", publishes_);
  verdict_counters(metrics, "allauth_mqtt_subscribes_total", "Topic filters asked for.", subscribes_);
  verdict_counters(metrics, "allauth_mqtt_deliveries_total", "PUBLISH packets from brokers.", deliveries_);
}

}  // namespace allauth::mqtt
