#include "codec/mqtt/frame.h"

#include <gtest/gtest.h>

#include "codec/mqtt/wire.h"

namespace allauth::mqtt {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(Frame, nothing_is_found_before_it_is_complete) {
  const auto packet = "\x30\x05\x00\x01taX"s;
  for (std::size_t size = 0; size < packet.size(); ++size) {
    const auto frame = find_frame(std::string_view(packet).substr(0, size), 100);
    ASSERT_TRUE(frame);
    EXPECT_FALSE(*frame) << size;
  }
  const auto more = packet + "more";
  const auto frame = find_frame(more, 100);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->type, PacketType::publish);
  EXPECT_EQ((*frame)->bytes, packet);
  EXPECT_EQ((*frame)->body, "\x00\x01taX"sv);
}

TEST(Frame, a_packet_that_is_too_large_is_refused_by_its_length_alone) {
  const auto frame = find_frame("\x10\xFF\xFF\xFF\x7F"sv, 1024);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ReasonCode::packet_too_large);
  EXPECT_TRUE(find_frame("\x10\xFE\x07"sv, 1025));   // 1022 + 3
  EXPECT_FALSE(find_frame("\x10\xFF\x07"sv, 1025));  // 1023 + 3
}

TEST(Frame, broken_headers) {
  EXPECT_EQ(find_frame("\x30\x80\x80\x80\x80\x01"sv, 1 << 30).error().code, ReasonCode::malformed_packet);
  EXPECT_EQ(find_frame("\x00\x00"sv, 100).error().code, ReasonCode::malformed_packet);
  const auto padded = find_frame("\xC0\x80\x00"sv, 100);
  ASSERT_TRUE(padded && *padded);
  EXPECT_FALSE((*padded)->shortest_length);
}

TEST(FrameStream, any_cut_gives_the_same_packets) {
  const auto bytes = "\xC0\x00\x30\x05\x00\x01taX\xE0\x00"s;
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    FrameStream stream;
    std::string seen;
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      const auto chunk = bytes.substr(at, cut);
      stream.feed(chunk);
      while (true) {
        const auto frame = stream.peek(100);
        ASSERT_TRUE(frame);
        if (!*frame) break;
        seen += (*frame)->bytes;
        stream.pop();
      }
      stream.settle();
    }
    EXPECT_EQ(seen, bytes) << cut;
    EXPECT_EQ(stream.size(), 0u);
  }
}

TEST(FrameStream, what_was_shown_stays_until_it_is_taken) {
  FrameStream stream;
  stream.feed("\xC0\x00\xE0\x00"sv);
  EXPECT_EQ((*stream.peek(10))->type, PacketType::pingreq);
  stream.settle();
  EXPECT_EQ((*stream.peek(10))->type, PacketType::pingreq);
  stream.pop();
  EXPECT_EQ((*stream.peek(10))->type, PacketType::disconnect);
  EXPECT_EQ(stream.size(), 2u);
}

TEST(MqttText, what_every_receiver_must_accept_and_no_more) {
  for (const auto text :
       {""sv, "abc"sv, "\xC3\xA9"sv, "\xEF\xBB\xBFx"sv, "\xF0\xAA\x9B\x94"sv, "\xF4\x8F\xBF\xBD"sv})
    EXPECT_TRUE(is_mqtt_text(text)) << text;
  for (const auto text :
       {"\0"sv, "\x01"sv, "a\x1F"sv, "\x7F"sv, "\xC2\x80"sv, "\xC2\x9F"sv, "\xEF\xBF\xBF"sv, "\xEF\xB7\x90"sv,
        "\xED\xA0\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x80\xAF"sv, "\xF0\x80\x80\xAF"sv,
        "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\x80"sv, "\xC3"sv, "\xE2\x82"sv, "\xF0\x9F\xBF\xBE"sv})
    EXPECT_FALSE(is_mqtt_text(text)) << ::testing::PrintToString(text);
}

TEST(Wire, variable_byte_integers) {
  for (const std::uint32_t value : {0u, 127u, 128u, 16383u, 16384u, 2097151u, 2097152u, kMaxVarint}) {
    std::string bytes;
    write_varint(bytes, value);
    EXPECT_EQ(bytes.size(), varint_size(value));
    Reader in(bytes);
    EXPECT_EQ(in.varint().value_or(1), value);
    EXPECT_TRUE(in.empty());
  }
  for (const auto bad : {"\x80\x00"sv, "\xFF\x80\x00"sv, "\xFF\xFF\xFF\x80\x01"sv, "\x80"sv, ""sv})
    EXPECT_FALSE(Reader(bad).varint()) << ::testing::PrintToString(bad);
}

}  // namespace
}  // namespace allauth::mqtt
