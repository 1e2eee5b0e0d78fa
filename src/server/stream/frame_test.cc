#include "server/stream/frame.h"

#include <gtest/gtest.h>

#include "codec/protobuf.h"

namespace allauth::server {
namespace {

using store::Image;
using store::LogCursor;

std::vector<Frame> read_all(std::string_view bytes, std::size_t step) {
  FrameReader reader;
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const auto fed = reader.feed(bytes.substr(at, step), [&](Frame frame) -> Result<void> {
      frames.push_back(std::move(frame));
      return {};
    });
    EXPECT_TRUE(fed) << (fed ? "" : fed.error().message);
  }
  EXPECT_EQ(reader.waiting(), 0U);
  return frames;
}

Result<void> feed(std::string_view bytes) {
  return FrameReader().feed(bytes, [](const Frame&) -> Result<void> { return {}; });
}

std::string framed(const std::string& message) {
  std::string out;
  codec::protobuf::put_varint(out, message.size());
  return out + message;
}

std::string field(int number, const std::string& bytes) {
  std::string out;
  codec::protobuf::put_bytes(out, number, bytes);
  return out;
}

TEST(Frames, ComeBackAsTheyWereHoweverTheyAreCut) {
  std::string bytes;
  bytes +=
      encode_frame(Hello{.issuer = "i", .audience = "a", .keys = {"k1", "k2"}, .digest_key = Secret("d")});
  bytes += encode_frame(StateBegin{});
  bytes += encode_frame(Image{.kind = ImageKind::client, .key = "c1", .bytes = std::string(300, 'x')});
  bytes += encode_frame(Image{.kind = ImageKind::connection, .key = "c1/h1"});
  bytes += encode_frame(StateEnd{{Revision{7}, 99}});
  bytes += encode_frame(EntryEnd{{Revision{8}, ~std::uint64_t{0} >> 1}, from_millis(-5)});
  bytes += encode_frame(Heartbeat{Revision{8}, Millis(1500)});
  bytes += encode_frame(Farewell{"stopping"});
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{100}, bytes.size()}) {
    const auto frames = read_all(bytes, step);
    ASSERT_EQ(frames.size(), 8U) << step;
    const auto& hello = std::get<Hello>(frames[0]);
    EXPECT_EQ(hello.issuer, "i");
    EXPECT_EQ(hello.keys, (std::vector<std::string>{"k1", "k2"}));
    EXPECT_TRUE(hello.digest_key.with([](std::string_view key) { return key == "d"; }));
    EXPECT_EQ(std::get<Image>(frames[2]).bytes.size(), 300U);
    EXPECT_EQ(std::get<Image>(frames[3]),
              (Image{.kind = ImageKind::connection, .key = "c1/h1", .audience = store::Audience::all}));
    EXPECT_EQ(std::get<StateEnd>(frames[4]).at, (LogCursor{Revision{7}, 99}));
    EXPECT_EQ(std::get<EntryEnd>(frames[5]).at, (LogCursor{Revision{8}, ~std::uint64_t{0} >> 1}));
    EXPECT_EQ(std::get<EntryEnd>(frames[5]).time, from_millis(-5));
    EXPECT_EQ(std::get<Heartbeat>(frames[6]).silence, Millis(1500));
    EXPECT_EQ(std::get<Farewell>(frames[7]).reason, "stopping");
  }
}

TEST(Frames, OfKindsThatAreNotKnownAreLeftOut) {
  const auto frames = read_all(framed(field(99, "later")) + framed("") + encode_frame(StateBegin{}), 1);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<StateBegin>(frames[0]));
}

TEST(Frames, ThatAreBrokenAreRefused) {
  const std::string image = field(1, "") + field(2, "k");
  for (const auto& bad : {
           framed("\x07"),                       // no such wire type
           framed(field(3, field(2, "key"))),    // an image without a kind
           framed(field(3, image)),              // a kind that is text
           framed(field(2, "") + field(2, "")),  // two in one
           framed(field(5, "\x08")),             // a number that ends
           framed(std::string("\x08\x01", 2)),   // a hello that is a number
       })
    EXPECT_EQ(feed(bad).error().reason, Reason("stream.frame.malformed"));
  EXPECT_EQ(feed(framed(field(1, std::string("\x08\x02", 2)))).error().reason, Reason("stream.version"));
}

TEST(Frames, ThatAreTooLargeAreRefusedBeforeTheyCome) {
  std::string length;
  codec::protobuf::put_varint(length, kMaxFrame + 1);
  EXPECT_EQ(feed(length).error().reason, Reason("stream.frame.too_large"));
  EXPECT_EQ(feed("\xFF\xFF\xFF\xFF\x7F").error().reason, Reason("stream.frame.too_large"));
  length.clear();
  codec::protobuf::put_varint(length, kMaxFrame);
  EXPECT_TRUE(feed(length));
}

TEST(Frames, HoldTheLargestImage) {
  const auto frames = read_all(encode_frame(Image{.kind = ImageKind::user,
                                                  .key = std::string(1024, 'k'),
                                                  .bytes = std::string(store::kMaxImageBytes, 'x')}),
                               64 * 1024);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(std::get<Image>(frames[0]).bytes.size(), store::kMaxImageBytes);
}

TEST(Frames, StopWhereTheReaderWantsNoMore) {
  int taken = 0;
  const auto fed = FrameReader().feed(encode_frame(StateBegin{}) + encode_frame(StateBegin{}),
                                      [&](const Frame&) -> Result<void> {
                                        ++taken;
                                        return fail(Code::invalid, "test.enough", "Enough.");
                                      });
  EXPECT_EQ(fed.error().reason, Reason("test.enough"));
  EXPECT_EQ(taken, 1);
}

}  // namespace
}  // namespace allauth::server
