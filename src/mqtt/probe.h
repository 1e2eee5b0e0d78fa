// What the gateway tells about itself: counters, and one call per denial for the decision log.
// One per gateway; all sessions share it. Thread-safe if `on_denied` is.
#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"
#include "base/metrics.h"
#include "base/verdict.h"
#include "codec/mqtt/types.h"

namespace allauth::mqtt {

enum class Operation { connect, will, publish, subscribe, deliver, stay };

std::string_view to_string(Operation);

// One refusal. The views live as long as the call.
struct Denial {
  Operation operation;
  std::string_view client;  // the client id as the broker knows it; the client's own before that
  std::string_view topic;   // topic or filter as the client named it; empty for connect and stay
  Outcome outcome;          // denied or error
  Reason reason;
};
using OnDenied = std::function<void(const Denial&)>;

// How a CONNECT ended.
enum class ConnectResult {
  accepted,
  bad_credentials,
  not_authorized,
  bad_client_id,
  banned,
  unavailable,
  busy,
  rate_limited,
  unsupported,     // version, enhanced authentication, will QoS 2
  broker_refused,  // by CONNACK
  malformed,
  timeout,
  abandoned,  // the client went away first
};

class Probe {
 public:
  // `gateway` is the label that tells gateways apart.
  Probe(Metrics& metrics, OnDenied on_denied, std::string_view gateway = "main");

  void opened() { connections_.add(1); }
  void closed() { connections_.add(-1); }
  void connect(ConnectResult result) { connects_[static_cast<std::size_t>(result)]->add(); }
  void publish(Outcome outcome) { publishes_[static_cast<std::size_t>(outcome)]->add(); }
  void subscribe(Outcome outcome) { subscribes_[static_cast<std::size_t>(outcome)]->add(); }
  void deliver(Outcome outcome) { deliveries_[static_cast<std::size_t>(outcome)]->add(); }
  void protocol_error() { protocol_errors_.add(); }
  void kick() { kicks_.add(); }
  void denied(const Denial& denial) const {
    if (on_denied_) on_denied_(denial);
  }

 private:
  static constexpr std::size_t kResults = 13;
  Gauge& connections_;
  Counter& protocol_errors_;
  Counter& kicks_;
  Counter* connects_[kResults];
  Counter* publishes_[3];
  Counter* subscribes_[3];
  Counter* deliveries_[3];
  OnDenied on_denied_;
};

}  // namespace allauth::mqtt
