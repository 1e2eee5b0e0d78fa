#include "mqtt/session.h"

#include "codec/mqtt/reason.h"
#include "mqtt/opening.h"
#include "mqtt/packet_ids.h"

namespace allauth::mqtt {
namespace {

constexpr Millis kAliveInterval{1000};
// Bytes of an UNSUBSCRIBE of our own, as far as the broker's limit allows.
constexpr std::size_t kUnsubscribeBytes = 4096;
// A broker is not given up before that, however short the keep alive.
constexpr Millis kLeastPingWait{5000};

// A packet of the client must not use the id of a request of ours that is under way.
bool collides(const Frame& frame, std::uint16_t own_request) {
  return own_request != 0 && frame.type != PacketType::puback && peek_packet_id(frame) == own_request;
}

}  // namespace

Session::Session(const SessionSettings& settings, Probe& probe, ClientPeer peer, Tick now)
    : settings_(settings),
      probe_(probe),
      peer_(std::move(peer)),
      deadline_(now + settings.limits.connect_deadline),
      last_client_packet_(now),
      last_broker_write_(now) {
  probe_.opened();
}

Session::~Session() { probe_.closed(); }

void Session::client_bytes(std::string_view bytes, Tick now, Actions& out) {
  if (closed()) return;
  client_stream_.feed(bytes);
  run_client(now, out);
}

void Session::run_client(Tick now, Actions& out) {
  const auto before = out.to_broker.size();
  blocked_ = false;
  while (phase_ == Phase::connecting || phase_ == Phase::running) {
    const bool first = phase_ == Phase::connecting;
    const auto& limits = settings_.limits;
    const auto frame = client_stream_.peek(first ? limits.max_connect_size : limits.max_packet_size);
    if (!frame) {
      fail(frame.error(), out);
      break;
    }
    if (!*frame) break;
    blocked_ = collides(**frame, revocations_.request());
    if (blocked_) break;
    client_stream_.pop();
    last_client_packet_ = now;
    if (first)
      on_connect(**frame, now, out);
    else
      on_client_packet(**frame, out);
  }
  if (closed())
    client_stream_.clear();
  else
    client_stream_.settle();
  if (out.to_broker.size() != before) last_broker_write_ = now;
}

void Session::broker_bytes(std::string_view bytes, Tick now, Actions& out) {
  if (closed()) return;
  broker_stream_.feed(bytes);
  run_broker(now, out);
}

void Session::run_broker(Tick now, Actions& out) {
  const auto before = out.to_broker.size();
  const auto phase = phase_;
  const bool was_blocked = blocked_;
  while (phase_ == Phase::handshaking || phase_ == Phase::running) {
    const auto frame = broker_stream_.peek(settings_.limits.max_packet_size);
    if (!frame) {
      fail_broker(out);
      break;
    }
    if (!*frame) break;
    broker_stream_.pop();
    if (phase_ == Phase::handshaking)
      on_connack(**frame, out);
    else
      on_broker_packet(**frame, now, out);
  }
  if (closed())
    broker_stream_.clear();
  else
    broker_stream_.settle();
  if (out.to_broker.size() != before) last_broker_write_ = now;
  // Client packets were held for the CONNACK, or for the answer to a request of our own.
  if (!closed() && (phase != phase_ || (was_blocked && revocations_.request() == 0))) run_client(now, out);
}

void Session::client_closed(Actions& out) {
  if (closed()) return;
  if (phase_ != Phase::running) probe_.connect(ConnectResult::abandoned);
  // Without a DISCONNECT to the broker, so that the will is published.
  end(out);
}

void Session::broker_closed(Actions& out) {
  if (!closed()) lose_broker(out);
}

void Session::broker_failed(Actions& out) {
  if (phase_ == Phase::dialling) lose_broker(out);
}

void Session::lose_broker(Actions& out) {
  if (phase_ == Phase::running) return leave(ReasonCode::unspecified_error, out);
  refuse(Refusal::unavailable, out);
}

void Session::tick(Tick now, Actions& out) {
  switch (phase_) {
    case Phase::connecting:
      if (now < deadline_) return;
      probe_.connect(ConnectResult::timeout);
      return end(out);
    case Phase::deciding:
    case Phase::dialling:
    case Phase::handshaking:
      if (now < deadline_) return;
      return refuse(ConnectResult::timeout, ReturnCode::server_unavailable, ReasonCode::server_unavailable,
                    out);
    case Phase::running:
      check_keep_alive(now, out);
      if (!closed() && revocations_.overdue(now)) lose_broker(out);
      if (!closed()) check_policy(now, out);
      if (!closed()) send_own_unsubscribe(now, out);
      return;
    case Phase::closed:
      return;
  }
}

void Session::excuse_broker(Tick now) {
  pings_.excuse(now);
  revocations_.excuse(now);
}

void Session::check_keep_alive(Tick now, Actions& out) {
  if (keep_alive_ == Seconds(0)) return;
  // Only packets of the client count [MQTT-3.1.2-22], however much it receives.
  if (now - last_client_packet_ > Millis(keep_alive_) * 3 / 2)
    return leave(ReasonCode::keep_alive_timeout, out);
  if (pings_.own() &&
      now - pings_.since() > std::max<Tick::duration>(Millis(keep_alive_) * 3 / 2, kLeastPingWait))
    return lose_broker(out);
  // The client is alive, but nothing of what it sent reached the broker.
  if (pings_.own() || now - last_broker_write_ < keep_alive_) return;
  encode(out.to_broker, Ping{PacketType::pingreq});
  pings_.we_ask(now);
  last_broker_write_ = now;
}

void Session::check_policy(Tick now, Actions& out) {
  const auto revision = guard_->revision();
  const bool changed = revision != revision_;
  if (!changed && now - last_alive_check_ < kAliveInterval) return;
  last_alive_check_ = now;
  const auto alive = guard_->alive();
  if (alive.outcome == Outcome::denied) return expel(Operation::stay, {}, alive, out);
  if (!changed) return;
  revision_ = revision;
  if (will_) {
    const auto answer = ask_publish(will_->topic, will_->asked());
    const auto will = will_->after(answer);
    if (will.outcome == Outcome::denied) return expel(Operation::will, will_->topic, will, out);
  }
  for (auto& filter : subscriptions_.take_revoked(*guard_)) revocations_.add(std::move(filter));
  deliver_cache_.clear();  // it may know names of this revision by filters that are gone now
}

void Session::send_own_unsubscribe(Tick now, Actions& out) {
  if (!revocations_.ready()) return;
  PacketIds used;
  to_client_acks_.mark(used);
  subscriptions_.mark(used);
  const auto id = highest_free(used);
  if (id == 0) return;  // the next tick tries again
  const auto filters = revocations_.begin(id, std::min(kUnsubscribeBytes, broker_max_packet_), now);
  const Unsubscribe unsubscribe{
      .packet_id = id, .properties = {}, .filters = {filters.begin(), filters.end()}};
  encode(out.to_broker, unsubscribe, version_);
  last_broker_write_ = now;
}

bool Session::wants_client_bytes() const {
  const bool holding = phase_ == Phase::deciding || phase_ == Phase::dialling ||
                       phase_ == Phase::handshaking || (phase_ == Phase::running && blocked_);
  return !closed() && (!holding || client_stream_.size() < settings_.limits.max_held_bytes);
}

void Session::kick(Actions& out) {
  if (closed()) return;
  probe_.kick();
  if (phase_ != Phase::running) return refuse(Refusal::not_authorized, out);
  leave(ReasonCode::administrative_action, out);
}

void Session::drain(Actions& out) {
  if (closed()) return;
  if (phase_ == Phase::connecting) return end(out);
  if (phase_ != Phase::running) return refuse(Refusal::busy, out);
  leave(ReasonCode::server_shutting_down, out);
}

void Session::release_idle() {
  publish_cache_.clear();
  deliver_cache_.clear();
}

void Session::fail(const Fault& fault, Actions& out) {
  probe_.protocol_error();
  if (phase_ != Phase::running) return refuse_malformed(fault, out);
  leave(fault.code, out);
}

void Session::fail_broker(Actions& out) {
  probe_.protocol_error();
  lose_broker(out);
}

// Ends a running session for a reason that a 5.0 client is told; 3.1.1 knows no DISCONNECT from a
// server. The broker gets none either, so it publishes the will.
void Session::leave(ReasonCode code, Actions& out) {
  if (v5()) {
    const bool legal = may_carry(PacketType::disconnect, Sender::server, code);
    encode(out.to_client, Disconnect{.code = legal ? code : ReasonCode::protocol_error}, version_);
  }
  end(out);
}

// Throws out a client that has lost a right which its connection needs.
void Session::expel(Operation operation, std::string_view topic, const Verdict& verdict, Actions& out) {
  probe_.kick();
  tell_denied(operation, topic, verdict);
  // The rights behind the will are gone too: a DISCONNECT makes the broker discard it.
  encode(out.to_broker, Disconnect{}, version_);
  const bool disabled = verdict.reason.slug().ends_with("disabled");
  leave(disabled ? ReasonCode::administrative_action : ReasonCode::not_authorized, out);
}

void Session::end(Actions& out) {
  phase_ = Phase::closed;
  out.close_client = true;
  out.close_broker = true;
}

void Session::tell_denied(Operation operation, std::string_view topic, const Verdict& verdict) {
  probe_.denied({.operation = operation,
                 .client = broker_client_id_,
                 .topic = topic.substr(0, settings_.limits.max_topic_bytes),
                 .outcome = verdict.outcome,
                 .reason = verdict.reason});
}

}  // namespace allauth::mqtt
