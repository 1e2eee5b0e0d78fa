// For tests: a session with a scripted Guard, fed by hand.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "mqtt/session.h"

namespace allauth::mqtt {

// Topics and filters: "no/..." is denied, "err/..." cannot be decided, "name/x" is "id/x" at the broker,
// anything else is granted as it is. `more` and `names` override.
struct Policy {
  std::map<std::string, Verdict, std::less<>> more;
  std::map<std::string, std::string, std::less<>> names;      // by what they become
  std::map<std::string, std::uint8_t, std::less<>> most_qos;  // of some topics
  std::set<std::string, std::less<>> picky;                   // topics that take a user property "pass"
  std::set<std::string, std::less<>> unkept;                  // topics for which nothing can be retained
  Verdict alive = Verdict::grant("ok");
  std::uint64_t revision = 1;
  int asked = 0;  // calls of publish and deliver

  TopicVerdict ask(std::string_view topic, std::string_view from, std::string_view to) const {
    const auto found = more.find(topic);
    if (found != more.end() && !found->second.granted()) return {found->second, {}};
    if (topic.starts_with("no/")) return {Verdict::deny("test.no"), {}};
    if (topic.starts_with("err/")) return {Verdict::fail("test.err"), {}};
    if (const auto name = names.find(topic); name != names.end()) return {Verdict::grant("ok"), name->second};
    if (topic.starts_with(from))
      return {Verdict::grant("ok"), std::string(to) + std::string(topic.substr(from.size()))};
    return {Verdict::grant("ok"), {}};
  }

  TopicVerdict limit(TopicVerdict answer, std::string_view topic, const Asked& with) const {
    if (const auto most = most_qos.find(topic); most != most_qos.end()) answer.qos = most->second;
    answer.depends_on.properties = picky.contains(topic);
    answer.depends_on.retain = unkept.contains(topic);
    const auto pass = with.properties.find(PropertyId::user_property);
    if (picky.contains(topic) && (!pass || pass->text != "pass"))
      answer.verdict = Verdict::deny("test.picky");
    if (unkept.contains(topic) && with.retain) answer.verdict = Verdict::deny("test.unkept");
    return answer;
  }
};

class ScriptedGuard final : public Guard {
 public:
  explicit ScriptedGuard(Policy& policy) : policy_(policy) {}
  TopicVerdict publish(std::string_view topic, const Asked& asked) override {
    ++policy_.asked;
    auto answer = policy_.limit(policy_.ask(topic, "name/", "id/"), topic, asked);
    answer.depends_on.qos = answer.qos < 2;
    if (asked.qos > answer.qos) answer.verdict = Verdict::deny("test.qos");
    return answer;
  }
  TopicVerdict subscribe(std::string_view filter, const Asked& asked) override {
    return policy_.limit(policy_.ask(filter, "name/", "id/"), filter, asked);
  }
  std::string unsubscribe(std::string_view filter) override {
    if (const auto name = policy_.names.find(filter); name != policy_.names.end()) return name->second;
    return filter.starts_with("name/") ? "id/" + std::string(filter.substr(5)) : std::string(filter);
  }
  TopicVerdict deliver(std::string_view topic, const Asked& asked) override {
    ++policy_.asked;
    return policy_.limit(policy_.ask(topic, {}, {}), topic, asked);
  }
  Verdict alive() override { return policy_.alive; }
  std::uint64_t revision() override { return policy_.revision; }

 private:
  Policy& policy_;
};

inline std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return out;
}

inline std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}

template <class P>
std::string bytes_of(const P& packet, Version version) {
  std::string out;
  encode(out, Packet(packet), version);
  return out;
}

// One session. from_client() and from_broker() feed bytes; client() and broker() take what came out.
class Rig {
 public:
  explicit Rig(Version version = Version::v3_1_1, SessionSettings settings = {})
      : version_(version), settings_(std::move(settings)), probe_(metrics_, [this](const Denial& d) {
          denials.push_back(fmt::format("{} {} {}", to_string(d.operation), d.topic, d.reason.slug()));
        }) {
    session = std::make_unique<Session>(settings_, probe_, ClientPeer{.address = "192.0.2.1"}, now);
  }

  Connect connect_packet() const { return {.version = version_, .keep_alive = 60, .client_id = "c1"}; }
  void from_client(std::string_view bytes) { session->client_bytes(bytes, now, out); }
  void from_broker(std::string_view bytes) { session->broker_bytes(bytes, now, out); }
  template <class P>
  void send(const P& packet) {
    from_client(bytes_of(packet, version_));
  }
  template <class P>
  void deliver(const P& packet) {
    from_broker(bytes_of(packet, version_));
  }
  void accept() {
    Accepted accepted{.guard = std::make_unique<ScriptedGuard>(policy), .broker_client_id = "b1"};
    session->connect_outcome(std::move(accepted), now, out);
  }
  // From CONNECT to CONNACK; what was said meanwhile is forgotten.
  void open(const Connect& connect, const Connack& connack = {}) {
    send(connect);
    accept();
    session->broker_connected(now, out);
    deliver(connack);
    out = {};
  }
  // With a broker that takes no packet larger than that.
  void open_with_broker_limit(std::uint32_t max_packet) {
    std::string properties;
    write_property(properties, {.id = PropertyId::maximum_packet_size, .number = max_packet});
    open(connect_packet(), {.properties = PropertyView::trusted(properties)});
  }
  // The answers change; the session sees it at the next tick.
  void revise() {
    ++policy.revision;
    pass(Millis(200));
  }
  void open() { open(connect_packet()); }
  void pass(Millis time) {
    now += time;
    session->tick(now, out);
  }
  std::string client() { return hex(std::exchange(out.to_client, {})); }
  std::string broker() { return hex(std::exchange(out.to_broker, {})); }
  // The value of a series, such as "name" or "name{label=\"value\"}"; -1 if there is none.
  double metric(std::string_view series) const {
    const auto brace = std::min(series.find('{'), series.size());
    const auto labels = brace == series.size() ? "}" : "," + std::string(series.substr(brace + 1));
    const auto line = fmt::format("\n{}{{gateway=\"main\"{} ", series.substr(0, brace), labels);
    const auto text = metrics_.render();
    const auto at = text.find(line);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
  }

  Policy policy;
  Actions out;
  std::vector<std::string> denials;
  Tick now{};

 private:
  Version version_;
  SessionSettings settings_;
  Metrics metrics_;
  Probe probe_;

 public:
  std::unique_ptr<Session> session;  // borrows what is above
};

constexpr auto v4 = Version::v3_1_1;
constexpr auto v5 = Version::v5;

inline Publish message(std::string_view topic, std::uint16_t id = 0, std::string_view payload = "m") {
  return {.qos = id == 0 ? QoS::at_most_once : QoS::at_least_once,
          .topic = topic,
          .packet_id = id,
          .payload = payload};
}

}  // namespace allauth::mqtt
