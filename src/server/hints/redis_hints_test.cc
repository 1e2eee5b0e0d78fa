// Hints through a real Redis, and through what is none: no more than hints is ever lost.
#include "server/hints/redis_hints.h"

#include <fstream>
#include <mutex>

#include "server/hints/redis_rig.h"
#include "store/testing/postgres_test_base.h"
#include "store/testing/tcp_relay.h"

namespace allauth::server {
namespace {

using store::testing::LoggedText;
using store::testing::TcpRelay;
using store::testing::TempFolder;

// One node, as far as hints go.
class Peer {
 public:
  Peer(RedisTarget target, const std::string& channel = "allauth:log:test")
      : log_(clock_, LogLevel::info, LogFormat::human, logged_.fd()),
        hints_({clock_, entropy_, log_, metrics_},
               {.target = std::move(target),
                .channel = channel,
                .timeout = Millis(500),
                .ping_interval = Millis(100),
                .first_pause = Millis(10),
                .longest_pause = Millis(100)},
               [this](std::optional<Revision> said) { return hear(said); }) {}
  ~Peer() { hints_.stop(); }

  RedisHints& hints() { return hints_; }
  bool heard(std::uint64_t revision) {
    return eventually([&] {
      std::lock_guard lock(mutex_);
      return newest_ >= revision;
    });
  }
  std::uint64_t newest() {
    std::lock_guard lock(mutex_);
    return newest_;
  }
  int looks() {
    std::lock_guard lock(mutex_);
    return looks_;
  }
  bool connected() {
    return eventually([&] { return has(R"(allauth_hints_connected{by="redis"} 1)"); });
  }
  bool cut_off() {
    return eventually([&] { return has(R"(allauth_hints_connected{by="redis"} 0)"); });
  }
  bool has(const std::string& line) const {
    return metrics_.render().find("\n" + line + "\n") != std::string::npos;
  }
  const std::string& log() { return logged_.read(); }
  std::size_t times_logged(const std::string& text) {
    std::size_t count = 0;
    const auto& all = log();
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
    return count;
  }

 private:
  bool hear(std::optional<Revision> said) {
    std::lock_guard lock(mutex_);
    if (!said) {
      ++looks_;
      return true;
    }
    const bool news = to_number(*said) > newest_;
    if (news) newest_ = to_number(*said);
    return news;
  }

  SystemClock clock_;
  SystemEntropy entropy_;
  LoggedText logged_;
  Log log_;
  Metrics metrics_;
  std::mutex mutex_;
  std::uint64_t newest_ = 0;
  int looks_ = 0;
  RedisHints hints_;
};

class RedisHintsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    if (const auto missing = RedisServer::missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
};

constexpr const char* kTrouble = "changes are not told through it";

TEST_F(RedisHintsTest, WhatOneTellsTheOthersHear) {
  RedisServer redis;
  Peer one(redis.target()), two(redis.target()), stranger(redis.target(), "allauth:log:other");
  ASSERT_TRUE(one.connected() && two.connected() && stranger.connected());
  EXPECT_GE(two.looks(), 1) << "what was committed before it listened";
  for (std::uint64_t i = 1; i <= 50; ++i) {
    (i % 2 == 0 ? one : two).hints().tell(Revision{i});
    EXPECT_TRUE((i % 2 == 0 ? two : one).heard(i));
  }
  stranger.hints().tell(Revision{7});
  ASSERT_TRUE(stranger.heard(7));
  EXPECT_EQ(stranger.newest(), 7U) << "another installation's are not heard";
  EXPECT_TRUE(eventually([&] { return one.has(R"(allauth_hints_sent_total{by="redis"} 25)"); }));
  EXPECT_EQ(one.log(), "");
}

TEST_F(RedisHintsTest, ItComesBackWithTheRedis) {
  RedisServer redis;
  Peer one(redis.target()), two(redis.target());
  ASSERT_TRUE(one.connected() && two.connected());
  for (std::uint64_t round = 1; round <= 3; ++round) {
    redis.kill();
    ASSERT_TRUE(one.cut_off() && two.cut_off());
    const int looks = two.looks();
    for (std::uint64_t i = 1; i <= 1000; ++i) one.hints().tell(Revision{1000 * round + i});
    redis.start();
    ASSERT_TRUE(one.connected() && two.connected());
    EXPECT_GT(two.looks(), looks) << "what was told meanwhile";
    one.hints().tell(Revision{1000 * round + 1001});
    EXPECT_TRUE(two.heard(1000 * round + 1001));
  }
  EXPECT_LE(one.times_logged(kTrouble), 3U) << one.log();
  EXPECT_GE(one.times_logged(kTrouble), 1U) << one.log();
}

TEST_F(RedisHintsTest, OfWhatCouldNotBeToldTheNewestIsToldOnce) {
  RedisServer redis;
  TcpRelay relay(redis.port());
  auto through = redis.target();
  through.port = static_cast<std::uint16_t>(relay.port());
  Peer one(std::move(through)), two(redis.target());
  ASSERT_TRUE(one.connected() && two.connected());
  relay.freeze();  // nobody is told
  ASSERT_TRUE(one.cut_off());
  for (std::uint64_t i = 1; i <= 10'000; ++i) one.hints().tell(Revision{i});
  EXPECT_EQ(two.newest(), 0U);
  relay.thaw();
  EXPECT_TRUE(two.heard(10'000));
  EXPECT_TRUE(eventually([&] { return one.has(R"(allauth_hints_sent_total{by="redis"} 1)"); }));
  EXPECT_NE(one.log().find("redis.silent"), std::string::npos) << one.log();
}

TEST_F(RedisHintsTest, LoginByUrlAndByFile) {
  RedisServer redis({"--user", "default", "off", "--user", "allauth", "on", ">hunter2", "resetchannels",
                     "&allauth:log:*", "+subscribe", "+publish", "+ping"});
  const TempFolder folder;
  const auto file = folder.path() + "/password";
  const auto target = [&](const std::string& password, const std::string& password_file) {
    auto made = redis.target();
    made.user = "allauth";
    made.password = Secret(password);
    made.password_file = password_file;
    return made;
  };
  std::ofstream(file) << "hunter2\n";
  Peer by_url(target("hunter2", "")), by_file(target("wrong", file)), wrong(target("hunter3", "")),
      nobody(redis.target()), without_file(target("", folder.path() + "/none")),
      elsewhere(target("hunter2", ""), "another:channel");
  ASSERT_TRUE(by_url.connected() && by_file.connected());
  by_url.hints().tell(Revision{1});
  EXPECT_TRUE(by_file.heard(1));
  for (auto* peer : {&wrong, &nobody, &without_file, &elsewhere})
    EXPECT_TRUE(eventually([&] { return peer->times_logged(kTrouble) == 1; })) << peer->log();
  EXPECT_NE(wrong.log().find("redis.login"), std::string::npos) << wrong.log();
  EXPECT_NE(wrong.log().find("WRONGPASS"), std::string::npos) << wrong.log();
  EXPECT_NE(nobody.log().find("NOAUTH"), std::string::npos) << nobody.log();
  EXPECT_NE(without_file.log().find("config.file"), std::string::npos) << without_file.log();
  EXPECT_NE(elsewhere.log().find("NOPERM"), std::string::npos) << elsewhere.log();
  EXPECT_EQ(wrong.log().find("hunter"), std::string::npos) << "a password is in the log";
  std::ofstream(file) << "wrong\n";
  redis.kill();
  std::ofstream(file) << "hunter2\n";
  redis.start();
  EXPECT_TRUE(by_file.connected());
}

// What a false Redis says, and how it goes on for ever. None of it takes memory, and all of it is said once.
TEST_F(RedisHintsTest, JunkIsRefusedAndSaidOnce) {
  const std::string subscribed = "*3\r\n$9\r\nsubscribe\r\n$16\r\nallauth:log:test\r\n:1\r\n";
  struct Case {
    std::string first, again, reason;
  };
  for (const auto& c :
       {Case{"HTTP/1.1 400 Bad Request\r\n\r\n", "", "redis.junk"}, Case{"", "\xff\x00\x17", "redis.junk"},
        Case{"*2147483647\r\n", "$1\r\nx\r\n", "redis.junk"}, Case{"*17\r\n", "$1\r\nx\r\n", "redis.junk"},
        Case{"*-2\r\n", "", "redis.junk"}, Case{"$1000000000\r\n", "xxxxxxxxxxxxxxxx", "redis.junk"},
        Case{"$99999999999999999999\r\n", "x", "redis.junk"}, Case{"+", "aaaaaaaaaaaaaaaa", "redis.junk"},
        Case{"", "*1\r\n", "redis.junk"}, Case{"", ":1\r\n", "redis.junk"},
        Case{subscribed, ":1\r\n", "redis.junk"},
        Case{"-ERR unknown command AUTH, with args beginning with: hunter2\r\n", "", "redis.refused"},
        Case{"", "", "redis.silent"}}) {
    FalseRedis redis(c.first, c.again);
    Peer peer(redis.target());
    EXPECT_TRUE(eventually([&] { return redis.served() >= 4; })) << c.first;
    EXPECT_NE(peer.log().find(c.reason), std::string::npos) << c.first << ": " << peer.log();
    EXPECT_EQ(peer.times_logged(kTrouble), 1U) << peer.log();
    EXPECT_EQ(peer.log().find("hunter2"), std::string::npos) << peer.log();
    EXPECT_LT(redis.most_sent(), 8U << 20) << c.first;  // most of it is in the system's own buffers
  }
}

// Somebody floods the channel: it is read at its own pace, and the revisions are what they are.
TEST_F(RedisHintsTest, AFloodIsTakenSlowly) {
  RedisServer redis;
  Peer peer(redis.target());
  ASSERT_TRUE(peer.connected());
  SystemClock clock;
  auto flood = RedisConnection::open(redis.target(), clock, Millis(2000));
  ASSERT_TRUE(flood);
  for (const auto* payload : {"", "x", "-1", "99999999999999999999999999"})
    ASSERT_TRUE(flood->ask({"PUBLISH", "allauth:log:test", payload}));
  for (int i = 1; i <= 5000; ++i) ASSERT_TRUE(flood->ask({"PUBLISH", "allauth:log:test", std::to_string(i)}));
  EXPECT_TRUE(peer.heard(5000));
  EXPECT_TRUE(flood->ask({"FLUSHALL"}));
  peer.hints().tell(Revision{5001});
  EXPECT_TRUE(peer.heard(5001));
  EXPECT_EQ(peer.log(), "");
}

TEST_F(RedisHintsTest, ItStopsWhateverTheOtherSideDoes) {
  FalseRedis silent("", "");
  auto nowhere = silent.target();
  nowhere.port = 1;  // refused at once
  Peer one(silent.target()), two(std::move(nowhere));
  one.hints().tell(Revision{1});
  two.hints().tell(Revision{1});
  one.hints().stop();
  two.hints().stop();
  EXPECT_EQ(one.newest() + two.newest(), 0U);
}

}  // namespace
}  // namespace allauth::server
