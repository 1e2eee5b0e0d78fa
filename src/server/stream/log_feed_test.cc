// What followers of the log are sent, and when they are sent no more.
#include "server/stream/log_feed.h"

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::server {
namespace {

using store::LogCursor;

// The other end of a stream.
class Follower {
 public:
  explicit Follower(std::shared_ptr<PipeReader> pipe) : pipe_(std::move(pipe)) {}

  // All frames from the last call up to the first of this kind; fails if none comes.
  template <class Kind>
  std::vector<Frame> until() {
    std::vector<Frame> taken;
    EXPECT_TRUE(wait_for([&] {
      while (!frames_.empty()) {
        taken.push_back(std::move(frames_.front()));
        frames_.pop_front();
        if (std::holds_alternative<Kind>(taken.back())) return true;
      }
      return false;
    })) << "no such frame came";
    return taken;
  }
  // All frames up to the end of the stream.
  std::vector<Frame> drain() {
    EXPECT_TRUE(wait_for([&] { return ended_; })) << "it does not end";
    return {std::move_iterator(frames_.begin()), std::move_iterator(frames_.end())};
  }
  bool has_ended() {
    take();
    return ended_;
  }

 private:
  template <class Fn>
  bool wait_for(Fn happened) {
    const auto until = std::chrono::steady_clock::now() + Seconds(20);
    for (take(); !happened(); take()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(Millis(1));
    }
    return true;
  }
  void take() {
    const auto taken = pipe_->take();
    ended_ = ended_ || taken.last;
    EXPECT_TRUE(reader_.feed(taken.bytes, [this](Frame frame) -> Result<void> {
      frames_.push_back(std::move(frame));
      return {};
    }));
  }

  std::shared_ptr<PipeReader> pipe_;
  FrameReader reader_;
  std::deque<Frame> frames_;
  bool ended_ = false;
};

class Feeds : public ::testing::Test {
 protected:
  ~Feeds() override {
    if (feed_) feed_->stop();
    world.store->close();
  }

  LogFeed& feed(FeedOptions options = {}) {
    options.look = Millis(5);
    feed_ =
        app::must(LogFeed::start({*world.store, world.hub, world.clock, world.log, world.metrics}, options));
    return *feed_;
  }
  Feed follower(std::optional<LogCursor> from = {}) {
    return {.name = "edge",
            .hello = encode_frame(Hello{.issuer = "i", .audience = "a"}),
            .view = app::must(StreamView::parse("node")),
            .from = from,
            .allowed = [this] { return allowed.load(); }};
  }
  LogCursor head() {
    return app::must(world.store->read([](store::Read& read) { return store::read_head(read); })).newest;
  }
  static bool holds(const std::vector<Frame>& frames, ImageKind kind, const std::string& key) {
    return std::ranges::any_of(frames, [&](const Frame& frame) {
      const auto* image = std::get_if<store::Image>(&frame);
      return image != nullptr && image->kind == kind && image->key == key;
    });
  }
  template <class Kind>
  static bool holds(const std::vector<Frame>& frames) {
    return std::ranges::any_of(frames, [](const auto& frame) { return std::holds_alternative<Kind>(frame); });
  }
  static std::string farewell(Follower& follower) {
    const auto frames = follower.drain();
    const auto* last = frames.empty() ? nullptr : std::get_if<Farewell>(&frames.back());
    return last != nullptr ? last->reason : "none";
  }
  bool eventually_empty(const LogFeed& feed) {
    const auto until = std::chrono::steady_clock::now() + Seconds(20);
    while (feed.followers() > 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(Millis(1));
    return feed.followers() == 0;
  }

  std::atomic<bool> allowed{true};
  app::TestWorld world;
  std::unique_ptr<LogFeed> feed_;
};

TEST_F(Feeds, BeginWithTheStateAndGoOnWithEntries) {
  const auto before = world.make_domain("before");
  Follower follower(app::must(feed().open(Feeds::follower())));
  const auto state = follower.until<StateEnd>();
  EXPECT_TRUE(std::holds_alternative<Hello>(state.front()));
  EXPECT_TRUE(holds(state, ImageKind::domain, before.id.str()));
  const auto& end = std::get<StateEnd>(state.back());
  EXPECT_EQ(end.at, head());
  for (const auto* name : {"after", "later"}) {
    const auto made = world.make_domain(name);
    const auto entry = follower.until<EntryEnd>();
    EXPECT_TRUE(holds(entry, ImageKind::domain, made.id.str()));
    EXPECT_EQ(std::get<EntryEnd>(entry.back()).at, head());
  }
}

TEST_F(Feeds, GoOnWhereAFollowerWas) {
  const auto at = head();
  const auto missed = world.make_domain("missed");
  Follower follower(app::must(feed().open(Feeds::follower(at))));
  const auto entry = follower.until<EntryEnd>();
  EXPECT_FALSE(holds<StateBegin>(entry));
  EXPECT_TRUE(holds(entry, ImageKind::domain, missed.id.str()));
}

TEST_F(Feeds, BeginAnewForWhoComesFromAnotherHistory) {
  const auto at = head();
  auto& feed = Feeds::feed();
  for (const auto& foreign :
       {LogCursor{at.revision, at.tag ^ 1}, LogCursor{Revision{to_number(at.revision) + 9}, at.tag}}) {
    Follower follower(app::must(feed.open(Feeds::follower(foreign))));
    EXPECT_TRUE(holds<StateBegin>(follower.until<StateEnd>()));
  }
}

// The watcher may send a heartbeat at any moment, also before the follower's own thread has begun.
TEST_F(Feeds, SayWhoSpeaksBeforeAnythingElse) {
  FeedSource source{.store = *world.store,
                    .log = world.log,
                    .recent = RecentLog(1000),
                    .state_turn = {},
                    .states = world.metrics.counter("states", "")};
  for (int i = 0; i < 200; ++i) {
    auto [writer, reader] = make_pipe(256 * 1024);
    Feeding feeding(source, follower(head()), std::move(writer), Seconds(10));
    feeding.beat(encode_frame(Heartbeat{}));
    Follower follower(std::move(reader));
    const auto frames = follower.until<Heartbeat>();
    ASSERT_TRUE(std::holds_alternative<Hello>(frames.front())) << i;
  }
}

TEST_F(Feeds, EndForWhoMayNoLonger) {
  auto& feed = Feeds::feed();
  Follower follower(app::must(feed.open(Feeds::follower())));
  follower.until<StateEnd>();
  allowed.store(false);
  EXPECT_EQ(farewell(follower), "revoked");
  EXPECT_TRUE(eventually_empty(feed));
}

TEST_F(Feeds, EndWhileTheStateHereIsTooOldToDecideBy) {
  auto& feed = Feeds::feed();
  Follower follower(app::must(feed.open(Feeds::follower())));
  follower.until<StateEnd>();
  world.hub.watch(Seconds(60));
  world.clock.advance(Seconds(61));
  ASSERT_TRUE(world.turns_stale());
  EXPECT_EQ(farewell(follower), "stale");
  world.hub.contact();
  Follower again(app::must(feed.open(Feeds::follower(head()))));
  world.make_domain("again");
  again.until<EntryEnd>();
}

TEST_F(Feeds, CutOffWhoTakesNothingAndAreNotHeldUpByThem) {
  for (int i = 0; i < 20; ++i) world.make_domain("d" + std::to_string(i));
  auto& feed = Feeds::feed({.pipe_bytes = 1024, .patience = Millis(50)});
  Follower slow(app::must(feed.open(follower())));
  EXPECT_TRUE(eventually_empty(feed));
  EXPECT_NE(world.metrics.render().find("allauth_stream_cut_total 1"), std::string::npos);
  EXPECT_FALSE(holds<StateEnd>(slow.drain()));
  Follower quick(app::must(feed.open(follower())));
  quick.until<StateEnd>();
}

TEST_F(Feeds, ForgetWhoHasGoneAlsoAmidAState) {
  for (int i = 0; i < 20; ++i) world.make_domain("d" + std::to_string(i));
  auto& feed = Feeds::feed({.pipe_bytes = 1024});
  app::must(feed.open(follower())).reset();
  EXPECT_TRUE(eventually_empty(feed));
  EXPECT_NE(world.metrics.render().find("allauth_stream_cut_total 0"), std::string::npos);
}

TEST_F(Feeds, TakeOnlySoManyFollowersAndNoneOnceStopped) {
  auto& feed = Feeds::feed({.max_followers = 1});
  Follower one(app::must(feed.open(follower())));
  EXPECT_EQ(feed.open(follower()).error().reason, Reason("stream.full"));
  one.until<StateEnd>();
  feed.stop();
  EXPECT_EQ(farewell(one), "stopping");
  EXPECT_EQ(feed.open(follower()).error().code, Code::exhausted);
}

}  // namespace
}  // namespace allauth::server
