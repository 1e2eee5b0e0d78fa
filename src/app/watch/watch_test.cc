#include <future>

#include <gtest/gtest.h>

#include "app/test_world.h"
#include "app/watch/watching.h"

namespace allauth::app {
namespace {

using News = Result<WatchNews>;

store::AppliedBatch batch(std::uint64_t first, std::uint64_t last) {
  store::AppliedBatch made;
  for (auto revision = first; revision <= last; ++revision)
    made.entries.push_back({.revision = Revision{revision}, .tag = 7});
  return made;
}

std::vector<std::uint64_t> revisions(const RecentActs::Next& next) {
  std::vector<std::uint64_t> found;
  for (const auto& event : next.events) found.push_back(to_number(event->at.revision));
  return found;
}

TEST(RecentActs, GiveWhatFollowsAPlaceAsFarAsTheyHaveIt) {
  RecentActs recent(3);
  const auto after = [&](std::uint64_t revision, std::size_t most) {
    return recent.after({{Revision{revision}, 7}, recent.history()}, most);
  };
  recent.append(batch(1, 1));
  EXPECT_TRUE(after(0, 9).elsewhere) << "nobody wanted it";
  EXPECT_FALSE(after(1, 9).elsewhere);
  recent.set_wanted(true);
  recent.append(batch(2, 3));
  recent.append(batch(4, 5));
  EXPECT_TRUE(after(1, 9).elsewhere) << "the second was dropped";
  EXPECT_EQ(revisions(after(2, 9)), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(revisions(after(3, 1)), (std::vector<std::uint64_t>{4}));
  EXPECT_TRUE(after(5, 9).events.empty());
  EXPECT_FALSE(after(5, 9).elsewhere);
}

TEST(RecentActs, KnowNothingOfAnotherHistory) {
  RecentActs recent(3);
  recent.set_wanted(true);
  recent.append(batch(1, 2));
  const auto history = recent.history();
  recent.forget();
  EXPECT_TRUE(recent.after({{Revision{1}, 7}, history}, 9).elsewhere);
  EXPECT_FALSE(recent.after({{Revision{1}, 7}, recent.history()}, 9).elsewhere);
}

class Watch : public ::testing::Test {
 protected:
  Watch() { begin({}); }
  ~Watch() override {
    watching->stop();
    world.store->close();
  }

  void begin(WatchOptions options) {
    options.look = Millis(1);
    if (watching) stopped.push_back(std::move(watching));
    watching = must(Watching::start(
        {*world.store, world.clock, world.metrics, [](auto job) { return job(), true; }}, options));
  }
  using Opening = Result<std::shared_ptr<Watcher>>;
  Opening try_open(Watcher::Asked asked, std::optional<store::LogCursor> from = {}) {
    std::promise<Opening> opened;
    watching->open(std::move(asked), from, [&](Opening result) { opened.set_value(std::move(result)); });
    return opened.get_future().get();
  }
  Watcher::Asked of_domain(const Caller& who, std::vector<std::string> kinds = {}) {
    return watch_as(*world.core, world.permit<act::WatchDomain>(who, domain.id),
                    {domain.id, std::move(kinds)});
  }
  Watcher::Asked of_platform() {
    return watch_as(*world.core, world.permit<act::WatchPlatform>(world.admin, Platform{}), {});
  }
  static std::future<News> ask(Watcher& watcher) {
    auto told = std::make_shared<std::promise<News>>();
    watcher.next([told](News news) { told->set_value(std::move(news)); });
    return told->get_future();
  }
  static News next(Watcher& watcher) {
    auto told = ask(watcher);
    if (told.wait_for(Seconds(20)) != std::future_status::ready) throw std::runtime_error("nothing was told");
    return told.get();
  }
  // What happened next, whatever came between.
  static std::string event(Watcher& watcher) {
    while (true) {
      const auto news = must(next(watcher));
      if (news.event) return news.event->act.slug + " " + news.event->act.target_id;
    }
  }
  // The first message has no event.
  static store::LogCursor begun(Watcher& watcher) {
    const auto news = must(next(watcher));
    EXPECT_EQ(news.event, nullptr);
    return news.at;
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  Domain other = world.make_domain("other");
  std::vector<std::unique_ptr<Watching>> stopped;  // they are followers of the store until it is closed
  std::unique_ptr<Watching> watching;
};

TEST_F(Watch, TellsWhatHappensInTheDomainFromNowOn) {
  const auto watcher = must(try_open(of_domain(world.admin)));
  begun(*watcher);
  world.make_client(other.id);
  const auto client = world.make_client(domain.id).client.id;
  const auto channel = world.make_channel(domain.id, "temps");
  EXPECT_EQ(event(*watcher), "client.created " + client.str());
  EXPECT_EQ(event(*watcher), "channel.created " + channel.id.str());
}

TEST_F(Watch, TellsOfThePlatformAllThatHappens) {
  const auto watcher = must(try_open(of_platform()));
  begun(*watcher);
  const auto ada = world.make_user("ada");
  const auto client = world.make_client(other.id).client.id;
  EXPECT_EQ(event(*watcher), "user.created " + ada.id.str());
  EXPECT_EQ(event(*watcher), "client.created " + client.str());
}

TEST_F(Watch, TellsOfTheKindsThatWereAskedFor) {
  const auto watcher = must(try_open(of_domain(world.admin, {"channel"})));
  begun(*watcher);
  world.make_client(domain.id);
  const auto channel = world.make_channel(domain.id, "temps");
  EXPECT_EQ(event(*watcher), "channel.created " + channel.id.str());
}

TEST_F(Watch, GoesOnFromWhereItWasAlsoWhenNobodyWatchedMeanwhile) {
  const auto first = must(try_open(of_domain(world.admin)));
  const auto at = begun(*first);
  first->leave();
  std::vector<std::string> made;
  for (int i = 0; i < 300; ++i) made.push_back(world.make_client(domain.id).client.id.str());
  const auto again = must(try_open(of_domain(world.admin), at));
  for (const auto& client : made) ASSERT_EQ(event(*again), "client.created " + client);
  const auto channel = world.make_channel(domain.id, "temps");
  EXPECT_EQ(event(*again), "channel.created " + channel.id.str());
}

TEST_F(Watch, RefusesACursorOfAnotherHistoryOrOneThatIsNotKept) {
  EXPECT_EQ(try_open(of_platform(), store::LogCursor{Revision{1}, 12345}).error().reason,
            Reason("log.replaced"));
  EXPECT_EQ(try_open(of_platform(), store::LogCursor{Revision{1'000'000}, 1}).error().code, Code::conflict);
}

TEST_F(Watch, TellsNowAndThenThatNothingHappensWithACursorToGoOnFrom) {
  const auto watcher = must(try_open(of_domain(world.admin)));
  const auto at = begun(*watcher);
  world.make_client(other.id);  // nothing for this watcher, but its place moves on
  auto waiting = ask(*watcher);
  EXPECT_EQ(waiting.wait_for(Millis(20)), std::future_status::timeout);
  world.clock.advance(Seconds(6));
  const auto news = must(waiting.get());
  EXPECT_EQ(news.event, nullptr);
  EXPECT_GT(news.at.revision, at.revision);
}

TEST_F(Watch, EndsWhenTheRightIsGone) {
  const auto ada = world.make_user("ada");
  world.join(domain.id, ada.id, DomainRole::admin);
  const auto watcher = must(try_open(of_domain(world.caller(ada.id))));
  begun(*watcher);
  auto waiting = ask(*watcher);
  world.run(remove_member(*world.core, world.permit<act::ManageMembers>(world.admin, domain.id), ada.id, {}));
  EXPECT_EQ(waiting.get().error().reason, Reason("watch.ended")) << "and nothing of what took it";
  EXPECT_EQ(next(*watcher).error().reason, Reason("watch.ended"));
}

TEST_F(Watch, EndsWithTheCredential) {
  const auto ada = world.make_user("ada");
  world.join(domain.id, ada.id, DomainRole::admin);
  const auto watcher = must(try_open(of_domain(world.caller(ada.id))));
  begun(*watcher);
  auto waiting = ask(*watcher);
  world.run(
      set_user_status(*world.core, world.permit<act::EnableUser>(world.admin, ada.id), Status::disabled, {}));
  EXPECT_EQ(waiting.get().error().reason, Reason("gate.credential"));
}

TEST_F(Watch, CutsOffWhoTakesNothingAndTellsThem) {
  const auto watcher = must(try_open(of_domain(world.admin)));
  begun(*watcher);
  auto& cut = world.metrics.counter("allauth_watchers_cut_total", {});
  world.clock.advance(Seconds(31));
  const auto until = std::chrono::steady_clock::now() + Seconds(20);
  while (cut.value() == 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(next(*watcher).error().reason, Reason("watch.slow"));
}

TEST_F(Watch, IsForSoManyOfOnePrincipalAndInAll) {
  begin({.max_watchers = 3, .max_per_principal = 2});
  const auto ada = world.make_user("ada"), bob = world.make_user("bob");
  for (const auto& user : {ada, bob}) world.join(domain.id, user.id, DomainRole::admin);
  const auto first = must(try_open(of_domain(world.caller(ada.id))));
  must(try_open(of_domain(world.caller(ada.id))));
  EXPECT_EQ(try_open(of_domain(world.caller(ada.id))).error().reason, Reason("watch.too_many"));
  must(try_open(of_domain(world.admin)));
  EXPECT_EQ(try_open(of_domain(world.caller(bob.id))).error().reason, Reason("watch.too_many"));
  first->leave();
  const auto until = std::chrono::steady_clock::now() + Seconds(20);
  auto again = try_open(of_domain(world.caller(ada.id)));
  while (!again && std::chrono::steady_clock::now() < until)
    again = try_open(of_domain(world.caller(ada.id)));
  EXPECT_TRUE(again) << "a place that was left is free";
}

TEST_F(Watch, EndsWithTheNode) {
  const auto watcher = must(try_open(of_domain(world.admin)));
  begun(*watcher);
  auto waiting = ask(*watcher);
  watching->stop();
  EXPECT_EQ(waiting.get().error().reason, Reason("server.stopping"));
  EXPECT_EQ(try_open(of_domain(world.admin)).error().reason, Reason("server.stopping"));
}

TEST_F(Watch, DropsWhoeverWaitedWhenTheyLeave) {
  const auto watcher = must(try_open(of_domain(world.admin)));
  begun(*watcher);
  auto waiting = ask(*watcher);
  watcher->leave();
  EXPECT_THROW(waiting.get(), std::future_error) << "its promise went without a value";
}

}  // namespace
}  // namespace allauth::app
