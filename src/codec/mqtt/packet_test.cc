#include "codec/mqtt/packet.h"

#include <gtest/gtest.h>

#include "codec/mqtt/reason.h"

namespace allauth::mqtt {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

Frame frame_of(std::string_view bytes) {
  const auto frame = find_frame(bytes, kMaxVarint);
  return frame && *frame ? **frame : Frame{};
}

std::string round_trip(std::string_view bytes, Version version, Sender sender) {
  const auto packet = decode(frame_of(bytes), version, sender);
  if (!packet)
    return fmt::format("fault {:x} {}", static_cast<int>(packet.error().code), packet.error().reason.slug());
  std::string out;
  encode(out, *packet, version);
  return out;
}

struct Sample {
  const char* name;
  Version version;
  Sender sender;
  std::string_view bytes;
};

constexpr auto v4 = Version::v3_1_1;
constexpr auto v5 = Version::v5;
constexpr auto up = Sender::client;
constexpr auto down = Sender::server;

const Sample kSamples[] = {
    {"connect 3.1.1", v4, up, "\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01x"sv},
    {"connect of a bridge", v4, up, "\x10\x0D\x00\x04MQTT\x84\x02\x00\x3C\x00\x01x"sv},
    {"connect with all", v4, up,
     "\x10\x1D\x00\x04MQTT\x04\xEE\x00\x3C\x00\x01x\x00\x02wt\x00\x03wpl\x00\x01u\x00\x02pw"sv},
    {"connect 5", v5, up, "\x10\x11\x00\x04MQTT\x05\x02\x00\x3C\x03\x21\x00\x14\x00\x01x"sv},
    {"connect 5 with will", v5, up,
     "\x10\x19\x00\x04MQTT\x05\x0E\x00\x00\x00\x00\x00\x05\x18\x00\x00\x00\x05\x00\x01t\x00\x01p"sv},
    {"connect 5, password alone", v5, up, "\x10\x12\x00\x04MQTT\x05\x42\x00\x3C\x00\x00\x01x\x00\x02pw"sv},
    {"connack", v4, down, "\x20\x02\x01\x00"sv},
    {"connack 5", v5, down, "\x20\x05\x00\x00\x02\x24\x01"sv},
    {"publish 0", v4, up, "\x30\x05\x00\x01t,,"sv},
    {"publish 1", v4, up, "\x3B\x07\x00\x01t\x00\x07,,"sv},
    {"publish 2", v4, up, "\x34\x05\x00\x01t\x00\x07"sv},
    {"publish 5", v5, up, "\x30\x0B\x00\x01t\x05\x02\x00\x00\x00\x09pp"sv},
    {"publish with alias", v5, up, "\x30\x06\x00\x00\x03\x23\x00\x01"sv},
    {"publish with two subscription ids", v5, down, "\x30\x08\x00\x01t\x04\x0B\x01\x0B\x01"sv},
    {"puback", v4, up, "\x40\x02\x00\x07"sv},
    {"puback 5 short", v5, up, "\x40\x02\x00\x07"sv},
    {"puback 5 code", v5, down, "\x40\x03\x00\x07\x10"sv},
    {"puback 5 properties", v5, down, "\x40\x08\x00\x07\x87\x04\x1F\x00\x01r"sv},
    {"pubrec", v5, up, "\x50\x03\x00\x07\x80"sv},
    {"pubrel", v5, up, "\x62\x03\x00\x07\x92"sv},
    {"pubcomp", v5, up, "\x70\x02\x00\x07"sv},
    {"subscribe", v4, up,
     "\x82\x0A\x00\x01\x00\x01"
     "a\x00\x00\x01"
     "b\x01"sv},
    {"subscribe 5", v5, up,
     "\x82\x09\x00\x01\x02\x0B\x05\x00\x01"
     "a\x2D"sv},
    {"suback", v4, down, "\x90\x04\x00\x01\x00\x80"sv},
    {"suback 5", v5, down, "\x90\x05\x00\x01\x00\x01\x87"sv},
    {"unsubscribe", v4, up,
     "\xA2\x05\x00\x01\x00\x01"
     "a"sv},
    {"unsubscribe 5", v5, up,
     "\xA2\x06\x00\x01\x00\x00\x01"
     "a"sv},
    {"unsuback", v4, down, "\xB0\x02\x00\x01"sv},
    {"unsuback 5", v5, down, "\xB0\x04\x00\x01\x00\x11"sv},
    {"pingreq", v4, up, "\xC0\x00"sv},
    {"pingresp", v4, down, "\xD0\x00"sv},
    {"disconnect", v4, up, "\xE0\x00"sv},
    {"disconnect 5", v5, up, "\xE0\x01\x04"sv},
    {"disconnect 5 with expiry", v5, up, "\xE0\x07\x00\x05\x11\x00\x00\x00\x01"sv},
    {"disconnect of a server", v5, down, "\xE0\x01\x8B"sv},
    {"auth", v5, up, "\xF0\x06\x18\x04\x15\x00\x01m"sv},
};

TEST(Packet, encode_undoes_decode) {
  for (const auto& sample : kSamples)
    EXPECT_EQ(round_trip(sample.bytes, sample.version, sample.sender), sample.bytes) << sample.name;
}

TEST(Packet, no_prefix_of_a_body_is_taken_for_more_than_it_is) {
  for (const auto& sample : kSamples) {
    const auto frame = frame_of(sample.bytes);
    for (std::size_t size = 0; size < frame.body.size(); ++size) {
      auto cut = frame;
      cut.body = frame.body.substr(0, size);
      const auto packet = decode(cut, sample.version, sample.sender);
      if (!packet) continue;
      std::string out;
      encode(out, *packet, sample.version);
      const auto again = frame_of(out);
      EXPECT_TRUE(again.body == cut.body || again.body.size() < cut.body.size())
          << sample.name << " " << size;
    }
  }
}

// Cut to 16 bits, the length of a longer topic would make what follows packets of their own.
TEST(PacketDeathTest, a_field_that_is_too_long_is_never_written) {
  const std::string longest(65535, 'x'), longer(65536, 'x');
  std::string out;
  encode(out, Publish{.topic = longest}, Version::v3_1_1);
  EXPECT_EQ(out.size(), 1 + 3 + 2 + longest.size());
  EXPECT_DEATH(encode(out, Publish{.topic = longer}, Version::v3_1_1), "");
  EXPECT_DEATH(encode(out, Connect{.client_id = longer}), "");
  EXPECT_DEATH(write_property(out, {.id = PropertyId::reason_string, .text = longer}), "");
  EXPECT_DEATH(write_varint(out, kMaxVarint + 1), "");
}

TEST(Packet, trailing_bytes_are_malformed) {
  for (const auto& sample : kSamples) {
    auto frame = frame_of(sample.bytes);
    const bool open_ended = frame.type == PacketType::publish || frame.type == PacketType::suback ||
                            frame.type == PacketType::subscribe || frame.type == PacketType::unsubscribe ||
                            (frame.type == PacketType::unsuback && sample.version == v5);
    if (open_ended) continue;
    // A zero byte behind a short 5.0 ack or DISCONNECT would be a legal longer form; 01 never is.
    const auto longer = std::string(frame.body) + "\x01\x01\x01";
    frame.body = longer;
    EXPECT_FALSE(decode(frame, sample.version, sample.sender)) << sample.name;
  }
}

TEST(Packet, reserved_flags_are_malformed) {
  for (const auto& sample : kSamples) {
    auto frame = frame_of(sample.bytes);
    if (frame.type == PacketType::publish) continue;
    for (std::uint8_t flags = 0; flags < 16; ++flags) {
      if (flags == frame.flags) continue;
      auto wrong = frame;
      wrong.flags = flags;
      const auto packet = decode(wrong, sample.version, sample.sender);
      ASSERT_FALSE(packet) << sample.name << " " << int{flags};
      EXPECT_EQ(packet.error().code, ReasonCode::malformed_packet);
    }
  }
}

struct Broken {
  const char* name;
  Version version;
  Sender sender;
  std::string_view bytes;
  int code;
};

const Broken kBroken[] = {
    {"reserved connect flag", v4, up, "\x10\x0D\x00\x04MQTT\x04\x03\x00\x3C\x00\x01x"sv, 0x81},
    {"will QoS without will", v4, up, "\x10\x0D\x00\x04MQTT\x04\x0A\x00\x3C\x00\x01x"sv, 0x81},
    {"will retain without will", v4, up, "\x10\x0D\x00\x04MQTT\x04\x22\x00\x3C\x00\x01x"sv, 0x81},
    {"will QoS 3", v4, up, "\x10\x13\x00\x04MQTT\x04\x1E\x00\x3C\x00\x01x\x00\x01t\x00\x01p"sv, 0x81},
    {"password without user name", v4, up, "\x10\x11\x00\x04MQTT\x04\x42\x00\x3C\x00\x01x\x00\x02pw"sv, 0x81},
    {"user name missing", v4, up, "\x10\x0D\x00\x04MQTT\x04\x82\x00\x3C\x00\x01x"sv, 0x81},
    {"will topic with wildcard", v5, up,
     "\x10\x14\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x00\x00\x00\x01+\x00\x01p"sv, 0x90},
    {"level 6", v5, up, "\x10\x0D\x00\x04MQTT\x06\x02\x00\x3C\x00\x01x"sv, 0x84},
    {"data without method", v5, up, "\x10\x12\x00\x04MQTT\x05\x02\x00\x3C\x04\x16\x00\x01m\x00\x01x"sv, 0x82},
    {"QoS 3", v4, up, "\x36\x05\x00\x01t\x00\x01"sv, 0x81},
    {"DUP with QoS 0", v4, up, "\x38\x03\x00\x01t"sv, 0x81},
    {"packet id 0", v4, up, "\x32\x05\x00\x01t\x00\x00"sv, 0x82},
    {"wildcard in a name", v5, up, "\x30\x04\x00\x01+\x00"sv, 0x90},
    {"empty topic", v4, up, "\x30\x02\x00\x00"sv, 0x81},
    {"empty topic without alias", v5, up, "\x30\x03\x00\x00\x00"sv, 0x82},
    {"alias 0", v5, up, "\x30\x07\x00\x01t\x03\x23\x00\x00"sv, 0x94},
    {"response topic with wildcard", v5, up, "\x30\x08\x00\x01t\x04\x08\x00\x01#"sv, 0x82},
    {"subscribe without filter", v4, up, "\x82\x02\x00\x01"sv, 0x82},
    {"subscribe with reserved bits", v4, up,
     "\x82\x06\x00\x01\x00\x01"
     "a\x04"sv,
     0x81},
    {"subscribe with reserved bits 5", v5, up,
     "\x82\x07\x00\x01\x00\x00\x01"
     "a\x40"sv,
     0x81},
    {"subscribe QoS 3", v5, up,
     "\x82\x07\x00\x01\x00\x00\x01"
     "a\x03"sv,
     0x82},
    {"retain handling 3", v5, up,
     "\x82\x07\x00\x01\x00\x00\x01"
     "a\x30"sv,
     0x82},
    {"no local on a shared filter", v5, up, "\x82\x10\x00\x01\x00\x00\x0A$share/g/a\x04"sv, 0x82},
    {"filter with # inside", v5, up, "\x82\x09\x00\x01\x00\x00\x03#/a\x00"sv, 0x8F},
    {"reason code of another packet", v5, up, "\x40\x03\x00\x07\x8B"sv, 0x82},
    {"disconnect code of a server", v5, up, "\xE0\x01\x8B"sv, 0x82},
    {"disconnect code of a client", v5, down, "\xE0\x01\x04"sv, 0x82},
    {"expiry from a server", v5, down, "\xE0\x07\x00\x05\x11\x00\x00\x00\x01"sv, 0x81},
    {"auth without method", v5, up, "\xF0\x02\x18\x00"sv, 0x82},
    {"bare auth", v5, up, "\xF0\x00"sv, 0x82},
    {"auth in 3.1.1", v4, up, "\xF0\x00"sv, 0x81},
    {"suback code 3 in 3.1.1", v4, down, "\x90\x03\x00\x01\x03"sv, 0x81},
    {"connack flags", v4, down, "\x20\x02\x02\x00"sv, 0x81},
    {"connack 8B", v5, down, "\x20\x03\x00\x8B\x00"sv, 0x82},
    {"not shortest property length", v5, up, "\x30\x05\x00\x01t\x80\x00"sv, 0x81},
    {"NUL in a topic", v4, up,
     "\x30\x05\x00\x03"
     "a\x00"
     "b"sv,
     0x81},
};

TEST(Packet, broken_packets_have_their_code) {
  for (const auto& broken : kBroken) {
    const auto packet = decode(frame_of(broken.bytes), broken.version, broken.sender);
    ASSERT_FALSE(packet) << broken.name;
    EXPECT_EQ(static_cast<int>(packet.error().code), broken.code) << broken.name;
  }
}

TEST(Packet, packet_ids_are_found_without_decoding) {
  for (const auto& sample : kSamples) {
    const auto frame = frame_of(sample.bytes);
    const auto packet = decode(frame, sample.version, sample.sender);
    ASSERT_TRUE(packet);
    const auto id = std::visit(
        [](const auto& p) -> int {
          if constexpr (requires { p.packet_id; })
            return p.packet_id;
          else
            return 0;
        },
        *packet);
    EXPECT_EQ(peek_packet_id(frame), id) << sample.name;
  }
}

// MQTT 5.0: how many codes each packet may carry.
TEST(ReasonCodes, totals_of_the_standard) {
  const auto count = [](PacketType type, std::initializer_list<Sender> senders) {
    int n = 0;
    for (int code = 0; code < 256; ++code)
      n += std::ranges::any_of(senders,
                               [&](Sender s) { return may_carry(type, s, static_cast<ReasonCode>(code)); });
    return n;
  };
  EXPECT_EQ(count(PacketType::connack, {down}), 22);
  EXPECT_EQ(count(PacketType::puback, {up, down}), 9);
  EXPECT_EQ(count(PacketType::pubrec, {up, down}), 9);
  EXPECT_EQ(count(PacketType::pubrel, {up, down}), 2);
  EXPECT_EQ(count(PacketType::pubcomp, {up, down}), 2);
  EXPECT_EQ(count(PacketType::suback, {down}), 12);
  EXPECT_EQ(count(PacketType::unsuback, {down}), 7);
  EXPECT_EQ(count(PacketType::disconnect, {up, down}), 29);
  EXPECT_EQ(count(PacketType::auth, {up, down}), 3);
  EXPECT_EQ(count(PacketType::publish, {up, down}), 0);
  EXPECT_EQ(to_string(ReasonCode::topic_alias_invalid), "topic_alias_invalid");
  EXPECT_EQ(to_string(static_cast<ReasonCode>(0x55)), "unknown");
}

}  // namespace
}  // namespace allauth::mqtt
