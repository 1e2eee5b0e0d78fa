#include "mqtt/probe.h"

#include <array>
#include <string>

namespace allauth::mqtt {
namespace {

constexpr std::array<const char*, 13> kConnectResults = {
    "accepted",     "bad_credentials", "not_authorized", "bad_client_id", "banned",  "unavailable", "busy",
    "rate_limited", "unsupported",     "broker_refused", "malformed",     "timeout", "abandoned"};
constexpr std::array<const char*, 3> kOutcomes = {"granted", "denied", "error"};

std::string label(std::string_view gateway) { return fmt::format("gateway=\"{}\"", gateway); }

void verdict_counters(Metrics& metrics, const char* name, const char* help, std::string_view gateway,
                      Counter* (&into)[3]) {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i)
    into[i] = &metrics.counter(name, help, fmt::format("{},verdict=\"{}\"", label(gateway), kOutcomes[i]));
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

Probe::Probe(Metrics& metrics, OnDenied on_denied, std::string_view gateway)
    : connections_(metrics.gauge("allauth_mqtt_connections", "MQTT clients connected now.", label(gateway))),
      protocol_errors_(metrics.counter("allauth_mqtt_protocol_errors_total",
                                       "Connections closed because a peer broke the protocol.",
                                       label(gateway))),
      kicks_(metrics.counter("allauth_mqtt_kicks_total", "Connections ended by policy or by an operator.",
                             label(gateway))),
      on_denied_(std::move(on_denied)) {
  for (std::size_t i = 0; i < kResults; ++i)
    connects_[i] = &metrics.counter("allauth_mqtt_connects_total", "CONNECT packets by how they ended.",
                                    fmt::format("{},result=\"{}\"", label(gateway), kConnectResults[i]));
  verdict_counters(metrics, "allauth_mqtt_publishes_total", "PUBLISH packets from clients.", gateway,
                   publishes_);
  verdict_counters(metrics, "allauth_mqtt_subscribes_total", "Topic filters asked for.", gateway,
                   subscribes_);
  verdict_counters(metrics, "allauth_mqtt_deliveries_total", "PUBLISH packets from brokers.", gateway,
                   deliveries_);
}

}  // namespace allauth::mqtt
