// One client connection and its broker connection, as a machine without sockets and clocks: bytes and
// events go in, Actions come out. It speaks MQTT 3.1.1 and 5.0, QoS 0 and 1, and sees to it that
// nothing passes that the Guard does not grant. What it does not support (QoS 2, topic aliases,
// enhanced authentication) is refused, never passed on unchecked.
//
// The pump feeds it, executes the Actions, and calls tick() about five times a second. All calls on
// one thread. After closed() every call is ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/mqtt/frame.h"
#include "codec/mqtt/packet.h"
#include "mqtt/ack_queue.h"
#include "mqtt/actions.h"
#include "mqtt/guard.h"
#include "mqtt/pings.h"
#include "mqtt/probe.h"
#include "mqtt/revocations.h"
#include "mqtt/subscriptions.h"
#include "mqtt/verdict_cache.h"

namespace allauth::mqtt {

class Session {
 public:
  // `settings` and `probe` are borrowed.
  Session(const SessionSettings& settings, Probe& probe, ClientPeer peer, Tick now);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void client_bytes(std::string_view bytes, Tick now, Actions& out);
  void broker_bytes(std::string_view bytes, Tick now, Actions& out);
  // The answer to Actions::authenticate.
  void connect_outcome(ConnectOutcome outcome, Tick now, Actions& out);
  // The answers to Actions::dial.
  void broker_connected(Tick now, Actions& out);
  void broker_failed(Actions& out);
  // A leg was closed by its peer, or broke.
  void client_closed(Actions& out);
  void broker_closed(Actions& out);
  // Deadlines, keep alive, and a look at whether the answers have changed.
  void tick(Tick now, Actions& out);
  // An operator ends the connection; the will, if any, is published.
  void kick(Actions& out);
  // The gateway stops.
  void drain(Actions& out);
  // The pump does not read from that side at present, so its silence is not its fault.
  void excuse_client(Tick now) { last_client_packet_ = now; }
  void excuse_broker(Tick now);
  // Gives back memory that an idle connection does not need.
  void release_idle();
  // False while more client bytes would only pile up: the pump shall not read.
  bool wants_client_bytes() const;
  bool closed() const { return phase_ == Phase::closed; }
  // As the broker knows it; empty before the connection was accepted.
  const std::string& broker_client_id() const { return broker_client_id_; }

 private:
  enum class Phase { connecting, deciding, dialling, handshaking, running, closed };
  struct Opening;    // the CONNECT, until the broker has accepted it
  struct WillTopic;  // opening.h
  // session.cc
  void run_client(Tick now, Actions& out);
  void run_broker(Tick now, Actions& out);
  void check_keep_alive(Tick now, Actions& out);
  void check_policy(Tick now, Actions& out);
  void send_own_unsubscribe(Tick now, Actions& out);
  void fail(const Fault& fault, Actions& out);
  void fail_broker(Actions& out);
  void lose_broker(Actions& out);
  void leave(ReasonCode code, Actions& out);
  void expel(Operation operation, std::string_view topic, const Verdict& verdict, Actions& out);
  void end(Actions& out);
  void tell_denied(Operation operation, std::string_view topic, const Verdict& verdict);
  bool v5() const { return version_ == Version::v5; }

  // session_connect.cc
  void on_connect(const Frame& frame, Tick now, Actions& out);
  void accept(Accepted accepted, Actions& out);
  void refuse(ConnectResult result, ReturnCode v3_code, ReasonCode v5_code, Actions& out);
  void refuse(Refusal refusal, Actions& out);
  void refuse_malformed(const Fault& fault, Actions& out);
  void on_connack(const Frame& frame, Actions& out);
  std::string connack_properties(const Connack& connack);

  // session_uplink.cc
  void on_client_packet(const Frame& frame, Actions& out);
  TopicVerdict ask_publish(std::string_view topic, const Asked& asked);
  void on_publish(const Frame& frame, Actions& out);
  void forward_publish(const Frame& frame, const Publish& publish, std::string_view topic, Actions& out);
  void refuse_publish(const Publish& publish, const Verdict& verdict, Actions& out);
  void on_client_puback(const Frame& frame, Actions& out);
  bool may_request(std::uint16_t packet_id, std::size_t filters, Actions& out);
  struct Split;  // a SUBSCRIBE taken apart
  bool ask_filter(const Subscription& entry, PropertyView properties, Split& split);
  void on_subscribe(const Frame& frame, Actions& out);
  void on_unsubscribe(const Frame& frame, Actions& out);
  void answer_request(const PendingRequest& request, PropertyView properties, Actions& out);
  void on_pingreq(const Frame& frame, Actions& out);
  void on_client_disconnect(const Frame& frame, Actions& out);

  // session_downlink.cc
  void on_broker_packet(const Frame& frame, Tick now, Actions& out);
  void on_delivery(const Frame& frame, Actions& out);
  void forward_delivery(const Frame& frame, const Publish& publish, const TopicVerdict& answer, Actions& out);
  void refuse_delivery(const Publish& publish, const Verdict& verdict, Actions& out);
  void ack_for_client(const Publish& publish, Actions& out);
  void on_broker_puback(const Frame& frame, Actions& out);
  void on_request_ack(const Frame& frame, Tick now, Actions& out);
  void on_pingresp(const Frame& frame, Actions& out);
  void on_broker_disconnect(const Frame& frame, Actions& out);

  const SessionSettings& settings_;
  Probe& probe_;
  ClientPeer peer_;
  Phase phase_ = Phase::connecting;
  Version version_ = Version::v3_1_1;
  Tick deadline_;  // of the phase, before running
  std::unique_ptr<Opening> opening_;
  std::unique_ptr<Guard> guard_;
  std::string broker_client_id_;
  FrameStream client_stream_;
  FrameStream broker_stream_;
  bool blocked_ = false;     // the next client packet waits for our own request to be answered
  AckQueue to_client_acks_;  // of what the client published
  AckQueue to_broker_acks_;  // of what the broker delivered
  VerdictCache publish_cache_;
  VerdictCache deliver_cache_;
  Subscriptions subscriptions_;
  Revocations revocations_;
  std::unique_ptr<WillTopic> will_;  // while the broker may publish one
  Seconds keep_alive_{0};
  Tick last_client_packet_{};
  Tick last_broker_write_{};
  Pings pings_;
  std::uint64_t revision_ = 0;
  Tick last_alive_check_{};
  std::size_t client_max_packet_ = kMaxVarint;
  std::size_t broker_max_packet_ = kMaxVarint;
  std::size_t receive_maximum_ = 65535;
  std::uint32_t session_expiry_ = 0;  // as granted
};

}  // namespace allauth::mqtt
