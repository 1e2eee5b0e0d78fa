// What a follower makes of what it is told: in whatever pieces, junk, out of order, or broken off.
#include "server/stream/intake.h"

#include <gtest/gtest.h>

#include "codec/protobuf.h"
#include "policy/core_schema.h"
#include "store/rows.h"

namespace allauth::server {
namespace {

using store::LogCursor;

class Intakes : public ::testing::Test {
 protected:
  static std::string hello() { return encode_frame(Hello{.issuer = "i", .audience = "a"}); }
  static std::string domain(const std::string& id) {
    return encode_frame(*store::image_of(Domain{.id = DomainId::trusted(id), .name = id}));
  }
  static std::string begin() { return encode_frame(StateBegin{}); }
  static std::string end(std::uint64_t revision, std::uint64_t tag = 7) {
    return encode_frame(StateEnd{{Revision{revision}, tag}});
  }
  static std::string entry(const std::string& id, std::uint64_t revision, std::uint64_t tag = 7) {
    return domain(id) + encode_frame(EntryEnd{{Revision{revision}, tag}, from_millis(1)});
  }
  static std::string state(const std::string& id, std::uint64_t revision, std::uint64_t tag = 7) {
    return begin() + domain(id) + end(revision, tag);
  }

  // A new connection, on which these bytes come.
  Result<void> connect(const std::string& bytes) {
    intake.begin();
    return intake.feed(hello() + bytes);
  }
  static std::string why(const Result<void>& result) {
    return result ? "" : std::string(result.error().reason.slug());
  }
  bool knows(std::string_view id) const { return hub.view()->thing("domain", id).exists(); }
  std::uint64_t revision() const { return to_number(hub.view()->revision()); }

  ManualClock clock;
  Log log{clock, LogLevel::error, LogFormat::human, -1};
  Metrics metrics;
  store::SnapshotHub hub{policy::core_schema(), clock, log, metrics};
  Result<void> greeting;
  int loaded = 0;
  Intake intake{hub,
                {.hello = [this](Hello) -> Result<void> {
                   if (!greeting) return fail(greeting.error());
                   return {};
                 },
                 .loaded = [this] { ++loaded; }}};
};

TEST_F(Intakes, FollowAStateAndThenEntriesHoweverTheyAreCut) {
  const std::string bytes = hello() + state("d1", 4) + entry("d2", 5) + entry("d3", 6, 8);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    intake.begin();
    for (std::size_t at = 0; at < bytes.size(); at += step) ASSERT_TRUE(intake.feed(bytes.substr(at, step)));
    EXPECT_EQ(revision(), 6U);
    EXPECT_TRUE(knows("d1") && knows("d2") && knows("d3"));
    EXPECT_EQ(intake.at(), (LogCursor{Revision{6}, 8}));
  }
  EXPECT_EQ(loaded, 3);
}

TEST_F(Intakes, ListenToNobodyWhoDoesNotSayWhoTheyAre) {
  for (const auto& bytes : {begin(), domain("d1"), end(1), entry("d1", 1), encode_frame(Heartbeat{}),
                            encode_frame(Farewell{"stopping"})}) {
    intake.begin();
    EXPECT_EQ(why(intake.feed(bytes)), "stream.order");
  }
  greeting = fail(Code::denied, "stream.installation", "Somebody else.");
  EXPECT_EQ(why(connect(state("d1", 1))), "stream.installation");
  EXPECT_FALSE(knows("d1"));
  EXPECT_EQ(loaded, 0);
}

TEST_F(Intakes, RefuseWhatIsOutOfOrder) {
  EXPECT_EQ(why(connect(end(1))), "stream.order");
  EXPECT_EQ(why(connect(entry("d1", 1))), "stream.order") << "no state was ever given";
  EXPECT_EQ(why(connect(begin() + entry("d1", 1))), "stream.order") << "an entry amid a state";
  EXPECT_FALSE(knows("d1"));
  EXPECT_FALSE(intake.at());
}

TEST_F(Intakes, AskForTheStateWhenAnEntryIsMissing) {
  for (const std::uint64_t wrong : {6, 4, 3, 0}) {
    ASSERT_TRUE(connect(state("d1", 4)));
    EXPECT_EQ(why(connect(entry("d2", wrong))), "stream.gap") << wrong;
    EXPECT_FALSE(intake.begin());
    EXPECT_TRUE(knows("d1")) << "which is what questions are answered from until then";
    EXPECT_FALSE(knows("d2"));
  }
}

TEST_F(Intakes, SurviveJunkAndGoOnWhereTheyWere) {
  ASSERT_TRUE(connect(state("d1", 4)));
  std::string huge;
  codec::protobuf::put_varint(huge, kMaxFrame + 1);
  const std::vector<std::pair<std::string, std::string>> junk = {
      {"\x01\x07", "stream.frame.malformed"},
      {huge, "stream.frame.too_large"},
      {std::string(10, '\xFF'), "stream.frame.too_large"}};
  for (const auto& [bytes, reason] : junk) {
    EXPECT_EQ(why(connect(bytes)), reason);
    EXPECT_EQ(why(connect(domain("half") + bytes)), reason);
    EXPECT_EQ(intake.begin(), (LogCursor{Revision{4}, 7}));
  }
  ASSERT_TRUE(connect(entry("d2", 5)));
  EXPECT_TRUE(knows("d1") && knows("d2"));
  EXPECT_FALSE(knows("half")) << "what came of an entry before the junk is no part of the next one";
}

TEST_F(Intakes, TakeAStateAsAWholeOrNotAtAll) {
  ASSERT_TRUE(connect(state("d1", 4)));
  ASSERT_TRUE(connect(begin() + domain("d2")));
  EXPECT_TRUE(knows("d1"));
  EXPECT_FALSE(knows("d2"));
  EXPECT_EQ(intake.begin(), (LogCursor{Revision{4}, 7})) << "the connection broke off";
  ASSERT_TRUE(intake.feed(hello() + entry("d3", 5)));
  EXPECT_TRUE(knows("d1") && knows("d3"));
  ASSERT_TRUE(connect(begin() + domain("d4") + begin() + domain("d5") + end(9)));
  EXPECT_TRUE(knows("d5"));
  EXPECT_FALSE(knows("d1") || knows("d4")) << "the second state makes the first one void";
}

TEST_F(Intakes, KeepWhatTheyHaveWhenAStateCannotBeUnderstood) {
  ASSERT_TRUE(connect(state("d1", 4)));
  const auto broken = encode_frame(store::Image{.kind = ImageKind::domain, .key = "d2", .bytes = "\x07"});
  EXPECT_EQ(why(connect(begin() + broken + end(9))), "image.malformed");
  EXPECT_TRUE(knows("d1"));
  EXPECT_EQ(revision(), 4U);
  EXPECT_TRUE(hub.healthy());
}

TEST_F(Intakes, AskForTheStateWhenAnEntryCannotBeApplied) {
  ASSERT_TRUE(connect(state("d1", 4)));
  const auto broken = encode_frame(store::Image{.kind = ImageKind::domain, .key = "d2", .bytes = "\x07"});
  EXPECT_EQ(why(connect(broken + encode_frame(EntryEnd{{Revision{5}, 7}, {}}))), "stream.apply");
  EXPECT_FALSE(hub.view()->check_usable()) << "nothing is decided until then";
  EXPECT_FALSE(knows("d1"));
  EXPECT_FALSE(intake.begin());
  ASSERT_TRUE(connect(state("d1", 5)));
  EXPECT_TRUE(hub.view()->check_usable());
  EXPECT_TRUE(knows("d1"));
}

TEST_F(Intakes, FollowAServerWhoseHistoryHasChangedAndSayThatChangesWereLost) {
  ASSERT_TRUE(connect(state("d1", 4) + entry("lost", 5)));
  ASSERT_TRUE(connect(state("d1", 5, 8)));
  EXPECT_FALSE(knows("lost"));
  EXPECT_EQ(intake.seen().rewinds, 0U) << "only its tag tells, and that the server has seen";
  ASSERT_TRUE(connect(state("d1", 3, 9) + entry("d2", 4, 9)));
  EXPECT_EQ(intake.seen().rewinds, 1U);
  EXPECT_EQ(intake.seen().states, 3U);
  EXPECT_EQ(revision(), 4U);
  EXPECT_TRUE(knows("d1") && knows("d2"));
}

TEST_F(Intakes, WereInContactWhenTheyKnowAllThatTheServerKnew) {
  const auto heartbeat = [](std::uint64_t revision, Millis silence) {
    return encode_frame(Heartbeat{Revision{revision}, silence});
  };
  ASSERT_TRUE(connect(state("d1", 4)));
  clock.advance(Seconds(30));
  ASSERT_TRUE(intake.feed(heartbeat(5, Millis(0))));
  EXPECT_EQ(hub.silence(), Seconds(30)) << "there is something newer";
  ASSERT_TRUE(intake.feed(heartbeat(4, Seconds(20))));
  EXPECT_EQ(hub.silence(), Seconds(20)) << "the server itself heard so long ago";
  ASSERT_TRUE(intake.feed(heartbeat(4, Millis(0))));
  EXPECT_EQ(hub.silence(), Millis(0));
  clock.advance(Seconds(30));
  ASSERT_TRUE(intake.feed(begin() + heartbeat(4, Millis(0))));
  EXPECT_EQ(hub.silence(), Seconds(30)) << "what was told before is void";
}

TEST_F(Intakes, TakeInWhatCameBeforeAFarewell) {
  const auto ended = connect(state("d1", 4) + entry("d2", 5) + encode_frame(Farewell{"revoked"}));
  EXPECT_EQ(why(ended), "stream.farewell");
  EXPECT_EQ(ended.error().detail, "revoked");
  EXPECT_TRUE(knows("d2"));
  EXPECT_EQ(intake.begin(), (LogCursor{Revision{5}, 7}));
}

TEST_F(Intakes, TakeNoEntryOfAnyLength) {
  ASSERT_TRUE(connect(state("d1", 4)));
  const auto gone = encode_frame(store::Image{.kind = ImageKind::domain, .key = "d9"});
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += gone;
  Result<void> fed;
  std::size_t images = 0;
  for (; fed && images <= 2 * store::kMaxImages; images += 10'000) fed = intake.feed(many);
  EXPECT_EQ(why(fed), "stream.too_large");
  EXPECT_LE(images, store::kMaxImages + 20'000);
}

}  // namespace
}  // namespace allauth::server
