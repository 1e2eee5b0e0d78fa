#include "net/io.h"

#include <atomic>

#include <gtest/gtest.h>

#include "net/deadlines.h"
#include "net/signal.h"
#include "net/spawn.h"
#include "net/test_support.h"
#include "net/worker_pool.h"

namespace allauth::net {
namespace {

using boost::asio::awaitable;

TEST(IoPools, RunWhatIsPostedOnTheRightThread) {
  TestPool test(3);
  for (std::size_t i = 0; i < 3; ++i) {
    std::promise<bool> inside;
    test.pool.post(i, [&] { inside.set_value(test.pool.inside(i) && !test.pool.inside((i + 1) % 3)); });
    EXPECT_TRUE(wait_for(inside.get_future()));
  }
}

awaitable<void> throw_one() {
  throw std::runtime_error("from a coroutine");
  co_return;
}

TEST(IoPools, OutliveHandlersThatThrow) {
  TestPool test(1);
  std::promise<void> after;
  test.pool.post(0, [] { throw std::runtime_error("from a handler"); });
  test.pool.post(0, [] { throw 42; });
  spawn(test.pool, 0, throw_one());
  test.pool.post(0, [&] { after.set_value(); });
  wait_for(after.get_future());
  EXPECT_TRUE(eventually([&] { return test.metric("allauth_net_handler_failures_total") == 3; }));
}

awaitable<void> wait_twice(Signal& signal, std::promise<int>& done) {
  co_await signal.wait();
  co_await signal.wait();
  done.set_value(2);
}

TEST(Signals, AreRememberedUntilSomeoneWaits) {
  TestPool test(1);
  Signal signal(test.pool, 0);
  std::promise<int> done;
  test.pool.post(0, [&] { signal.set(); });
  spawn(test.pool, 0, wait_twice(signal, done));
  test.pool.post(0, [&] { signal.set(); });
  EXPECT_EQ(wait_for(done.get_future()), 2);
}

// Owns the Signal that it waits for, and says when it is destroyed.
awaitable<void> wait_forever(IoPool& pool, std::shared_ptr<int> alive, std::promise<void>& waiting) {
  Signal signal(pool, 0);
  waiting.set_value();
  co_await signal.wait();
  *alive = 1;
}

TEST(Signals, DoNotLeakTheirWaitersWhenThePoolGoes) {
  auto alive = std::make_shared<int>(0);
  {
    TestPool test(1);
    std::promise<void> waiting;
    spawn(test.pool, 0, wait_forever(test.pool, alive, waiting));
    wait_for(waiting.get_future());
  }
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(*alive, 0);
}

TEST(Deadlines, FireOnceInAnyOrderAndMayBeDestroyedMeanwhile) {
  TestPool test(1);
  std::promise<std::string> all;
  std::string fired;
  std::unique_ptr<Deadline> a, b, c, last;
  test.pool.post(0, [&] {
    const Tick now = test.clock.tick();
    a = std::make_unique<Deadline>(test.pool, 0, [&] {
      fired += 'a';
      b.reset();  // both are due in the same sweep; whichever comes first takes the other along
    });
    b = std::make_unique<Deadline>(test.pool, 0, [&] {
      fired += 'b';
      a.reset();
    });
    c = std::make_unique<Deadline>(test.pool, 0, [&] { fired += 'c'; });
    last = std::make_unique<Deadline>(test.pool, 0, [&] { all.set_value(fired); });
    for (auto* d : {a.get(), b.get(), c.get()}) d->set(now + Millis(1));
    c->clear();
    last->set(now + Millis(30));
    EXPECT_TRUE(a->armed() && !c->armed());
  });
  const auto result = wait_for(all.get_future());
  EXPECT_TRUE(result == "a" || result == "b") << result;
  std::promise<void> cleaned;
  test.pool.post(0, [&] {
    a.reset();
    b.reset();
    c.reset();
    last.reset();
    cleaned.set_value();
  });
  wait_for(cleaned.get_future());
}

TEST(Deadlines, NeverFireEarly) {
  TestPool test(1);
  std::promise<Tick> fired;
  const Tick due = test.clock.tick() + Millis(25);
  std::unique_ptr<Deadline> deadline;
  test.pool.post(0, [&] {
    deadline = std::make_unique<Deadline>(test.pool, 0, [&] { fired.set_value(test.clock.tick()); });
    deadline->set(due - Millis(20));
    deadline->set(due);
  });
  EXPECT_GE(wait_for(fired.get_future()), due);
  std::promise<void> cleaned;
  test.pool.post(0, [&] {
    deadline.reset();
    cleaned.set_value();
  });
  wait_for(cleaned.get_future());
}

TEST(WorkerPools, RefuseAtOnceWhenFullAndDrainOnStop) {
  TestPool test(1);
  WorkerPool workers({.threads = 1, .max_queue = 2, .name = "test"}, test.clock, test.log, test.metrics);
  std::promise<void> started, release;
  std::atomic<int> ran{0};
  ASSERT_TRUE(workers.submit("", [&] {
    started.set_value();
    release.get_future().wait();
    ++ran;
  }));
  wait_for(started.get_future());
  EXPECT_TRUE(workers.submit("", [&] { ++ran; }));
  EXPECT_TRUE(workers.submit("", [&] { throw std::runtime_error("a job's own trouble"); }));
  EXPECT_FALSE(workers.submit("", [&] { ran += 100; }));
  EXPECT_EQ(workers.depth(), 2U);
  release.set_value();
  workers.stop();
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(workers.submit("", [&] { ++ran; }));
  EXPECT_EQ(workers.depth(), 0U);
}

}  // namespace
}  // namespace allauth::net
