// The byte-exact cases of Eclipse Mosquitto's own test suite, run through the gateway against a real
// broker. Which cases a proxy must meet, and how, is said in the suite's annotations.json.
#include <gtest/gtest.h>

#include "codec/mqtt/suite_files.h"
#include "mqtt/gateway_rig.h"

namespace allauth::mqtt {
namespace {

namespace json = boost::json;

constexpr const char* kQos2 = "QoS 2 is not supported: refused with 9B (5.0) or a close (3.1.1)";
constexpr const char* kLoweredQos = "QoS 2 asked for in SUBSCRIBE is granted as QoS 1";
constexpr const char* kNoV31 = "MQTT 3.1 is not supported: CONNACK code 1";

// Every difference, with its reason. One more or one less fails the test.
const std::map<std::string, const char*, std::less<>> kDifferences = {
    {"CONNACK/0/10", kNoV31},
    {"CONNECT/0/0", kNoV31},
    {"FLOW/0/5", kLoweredQos},
    {"FLOW/1/5", kLoweredQos},
    {"FLOW/1/8", kLoweredQos},
    {"FLOW/1/9", kQos2},
    {"FLOW/1/10", kQos2},
    {"FLOW/1/12", kQos2},
    {"OTHER/0/1", kLoweredQos},
    {"OTHER/0/4", kQos2},
    {"OTHER/1/2", kLoweredQos},
    {"OTHER/1/5", kQos2},
    {"OTHER/1/7", kLoweredQos},
    {"PUBCOMP/1/7", kQos2},
    {"PUBCOMP/1/8", kQos2},
    {"PUBCOMP/1/12", kQos2},
    {"PUBCOMP/2/0", kQos2},
    {"PUBCOMP/2/3", kQos2},
    {"PUBCOMP/2/4", kQos2},
    {"PUBCOMP/2/5", kQos2},
    {"PUBCOMP/2/10", kQos2},
    {"PUBLISH/1/13", kQos2},
    {"PUBLISH/1/14", kQos2},
    {"PUBLISH/1/28", kQos2},
    {"PUBREC/0/2", kQos2},
    {"PUBREC/1/7", kQos2},
    {"PUBREC/1/8", kQos2},
    {"PUBREC/1/9", kQos2},
    {"PUBREC/1/10", kQos2},
    {"PUBREC/1/11", kQos2},
    {"PUBREC/2/3", kQos2},
    {"PUBREC/2/4", kQos2},
    {"PUBREC/2/5", kQos2},
    {"PUBREC/2/8", kQos2},
    {"PUBREC/2/10", kQos2},
    {"PUBREL/0/2", kQos2},
    {"PUBREL/1/7", kQos2},
    {"PUBREL/1/9", kQos2},
    {"PUBREL/1/11", kQos2},
    {"PUBREL/2/4", kQos2},
    {"PUBREL/2/8", kQos2},
    {"PUBREL/2/10", kQos2},
    {"SUBSCRIBE/0/36", kLoweredQos},
    {"SUBSCRIBE/1/3", kLoweredQos},
};

// "L60 s4 'MQTT' 05": the suite's way to write bytes.
std::string parse_payload(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto token = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    if (token.empty()) continue;
    const auto number = [&] { return std::stoul(std::string(token.substr(1))); };
    switch (token[0]) {
      case 'i':
        write_u8(out, static_cast<unsigned>(number()));
        break;
      case 'H':
      case 'k':
      case 'm':
      case 's':
        write_u16(out, static_cast<unsigned>(number()));
        break;
      case 'L':
        write_u32(out, static_cast<std::uint32_t>(number()));
        break;
      case 'v':
      case 'r': {
        auto value = number();  // beyond 2^28 in five bytes, on purpose
        for (; value > 0x7F; value >>= 7) write_u8(out, static_cast<unsigned>(value & 0x7F) | 0x80);
        write_u8(out, static_cast<unsigned>(value));
        break;
      }
      case '\'':
        out += token.substr(1, token.size() - 2);
        break;
      default:
        out += unhex(token);
    }
  }
  return out;
}

struct Case {
  std::string id;
  std::string client_id;
  Version version = v4;
  bool connect = true;
  bool expect_open = true;
  bool exact = false;    // the bytes must be the same, not only the outcome
  bool refused = false;  // no success CONNACK may come
  bool modulo_id = false;
  json::array messages;
};

class MosquittoSuite : public testing::Test {
 protected:
  static constexpr const char* kFiles[] = {
      "AUTH",       "CONNACK",  "CONNECT",   "DISCONNECT", "FLOW",        "FORBIDDEN",      "OTHER",
      "PINGREQ",    "PINGRESP", "PUBACK",    "PUBCOMP",    "PUBLISH",     "PUBREC",         "PUBREL",
      "REGRESSION", "SUBACK",   "SUBSCRIBE", "UNSUBACK",   "UNSUBSCRIBE", "ZZ-broker-check"};

  void SetUp() override {
    folder_ = find_suite("mosquitto-packets");
    if (!folder_) GTEST_SKIP() << "the suite mosquitto-packets is absent";
    if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
    broker_.emplace();
    ASSERT_TRUE(broker_->started());
    rig_ = std::make_unique<GatewayRig>(broker_->port());
    annotations_ = read_json(*folder_ / "annotations.json").as_object();
  }

  std::vector<Case> cases_of(const std::string& file);
  // Why the case is not met; empty if it is.
  std::string run(const Case& c);
  std::string step(const Case& c, const json::object& message, Socket& client, std::string& received);
  void publish_beside(const json::object& message);

  std::optional<std::filesystem::path> folder_;
  std::optional<Mosquitto> broker_;
  std::unique_ptr<GatewayRig> rig_;
  json::object annotations_;
};

bool flag_of(const json::object& c, const json::object& group, const char* name) {
  if (const auto* value = c.if_contains(name)) return value->as_bool();
  const auto* value = group.if_contains(name);
  return value == nullptr || value->as_bool();
}

std::vector<Case> MosquittoSuite::cases_of(const std::string& file) {
  std::vector<Case> cases;
  const auto groups = read_json(*folder_ / (file + ".json"));
  for (const auto& group_value : groups.as_array()) {
    const auto& group = group_value.as_object();
    for (const auto& value : group.at("tests").as_array()) {
      const auto& c = value.as_object();
      const std::string id(c.at("id").as_string());
      const auto& note = annotations_.at(id).as_object();
      Case out{.id = id,
               .client_id = fmt::format("{} {}", std::string_view(group.at("group").as_string()),
                                        std::string_view(c.at("name").as_string()))};
      out.version = static_cast<Version>(note.at("ver").as_int64());
      out.connect = flag_of(c, group, "connect");
      out.expect_open = note.at("expect").as_string() == "open";
      out.exact = note.at("portable").as_string() == "full";
      const auto& kind = note.at("class").as_string();
      out.refused = kind == "connect-refused" || kind == "connect-malformed-close" ||
                    kind == "first-packet-not-connect";
      for (const auto& flag : note.at("flags").as_array())
        out.modulo_id = out.modulo_id || flag.as_string() == "server-chosen-packet-id";
      out.messages = c.at("msgs").as_array();
      cases.push_back(std::move(out));
    }
  }
  return cases;
}

// The helper publisher goes straight to the broker: it is not what is tested.
void MosquittoSuite::publish_beside(const json::object& message) {
  auto helper = Socket::connect(broker_->port());
  helper.send(bytes_of(Connect{.keep_alive = 60, .client_id = "helper"}, v4));
  helper.packet();
  const auto* qos = message.if_contains("qos");
  Publish publish{.qos = static_cast<QoS>(qos ? qos->as_int64() : 0)};
  const std::string topic(message.at("topic").as_string());
  const std::string payload(message.at("payload").as_string());
  publish.topic = topic;
  publish.payload = payload;
  publish.packet_id = publish.qos == QoS::at_most_once ? 0 : 1;
  helper.send(bytes_of(publish, v4));
  if (publish.qos != QoS::at_most_once) helper.packet();
  if (publish.qos == QoS::exactly_once) {
    helper.send(unhex("62020001"));
    helper.packet();
  }
  helper.send(unhex("E000"));
  helper.drain();
}

bool same(const std::string& got, const std::string& wanted, bool modulo_id) {
  if (got == wanted) return true;
  if (!modulo_id || got.size() != wanted.size()) return false;
  const auto a = find_frame(got, got.size());
  const auto b = find_frame(wanted, wanted.size());
  if (!a || !*a || !b || !*b || (*a)->type != PacketType::publish) return false;
  const auto one = decode_publish(**a, v4, Sender::server);
  const auto two = decode_publish(**b, v4, Sender::server);
  return one && two && (*a)->flags == (*b)->flags && one->topic == two->topic && one->payload == two->payload;
}

std::string MosquittoSuite::step(const Case& c, const json::object& message, Socket& client,
                                 std::string& received) {
  const auto type = message.at("type").as_string();
  if (type == "external_publish") {
    publish_beside(message);
    return {};
  }
  const auto payload = parse_payload(std::string_view(message.at("payload").as_string()));
  if (type == "send") {
    client.send(payload);
    return {};
  }
  const auto got = c.exact ? client.read(payload.size()) : client.packet();
  received += got;
  if (c.exact && !same(got, payload, c.modulo_id))
    return fmt::format("got {} for {}", hex(got), hex(payload));
  return {};
}

std::string MosquittoSuite::run(const Case& c) {
  auto client = rig_->connect();
  std::string receive_maximum;
  write_property(receive_maximum, {.id = PropertyId::receive_maximum, .number = 20});
  if (c.connect) {
    client.send(bytes_of(Connect{.version = c.version,
                                 .keep_alive = 60,
                                 .properties = PropertyView::trusted(receive_maximum),
                                 .client_id = c.client_id},
                         c.version));
    const auto connack = client.packet();
    if (connack.size() < 4 || connack[0] != '\x20' || connack[3] != 0) return "no CONNACK: " + hex(connack);
  }
  std::string received;
  for (const auto& message : c.messages) {
    auto wrong = step(c, message.as_object(), client, received);
    if (!wrong.empty()) return wrong;
  }
  if (c.expect_open) {
    client.send(unhex("C000"));
    const auto pong = client.read(2);
    return hex(pong) == "D000" ? "" : "no PINGRESP: " + hex(pong);
  }
  received += client.drain();
  if (!client.ended()) return "not closed";
  const bool let_in = received.size() >= 4 && received[0] == '\x20' && received[3] == 0;
  return c.refused && let_in ? "let in: " + hex(received) : "";
}

TEST_F(MosquittoSuite, all_cases) {
  int met = 0;
  std::map<std::string, std::string> differences;
  for (const auto* file : kFiles) {
    for (const auto& c : cases_of(file)) {
      const auto why = run(c);
      if (why.empty())
        ++met;
      else
        differences[c.id] = why;
    }
  }
  EXPECT_EQ(met + differences.size(), annotations_.size());
  for (const auto& [id, why] : differences) EXPECT_TRUE(kDifferences.contains(id)) << id << ": " << why;
  for (const auto& [id, reason] : kDifferences)
    EXPECT_TRUE(differences.contains(id)) << id << " is met now, yet it is listed with: " << reason;
}

}  // namespace
}  // namespace allauth::mqtt
