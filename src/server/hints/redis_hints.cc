#include "server/hints/redis_hints.h"

#include <algorithm>
#include <array>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"

namespace allauth::server {
namespace {

// Between one word and the next, so that a flood of words is no flood of looks at the log.
constexpr Millis kBetween{5};
constexpr Millis kTurn{500};

// Between half of it and all of it, so that many nodes do not come back at the same moment.
Millis jittered(Millis pause, Entropy& entropy) {
  std::array<std::uint8_t, 1> random;
  entropy.fill(random);
  return pause / 2 + pause * random[0] / 512;
}

std::unexpected<Error> silent() { return fail(Code::unavailable, "redis.silent", "Redis does not answer."); }

std::unexpected<Error> junk() { return fail(Code::unavailable, "redis.junk", "What answers is no Redis."); }

std::unexpected<Error> refused(std::string code) {
  return fail(Code::unavailable, "redis.refused", "Redis refuses a command.", {}, std::move(code));
}

}  // namespace

RedisHints::RedisHints(Deps deps, RedisHintsOptions options, Heard heard)
    : deps_(deps),
      options_(std::move(options)),
      heard_(std::move(heard)),
      received_(deps.metrics.counter("allauth_hints_received_total",
                                     "Times that somebody said of a change before it was looked for.",
                                     R"(by="redis")")),
      sent_(deps.metrics.counter("allauth_hints_sent_total", "Times that others were told of a change.",
                                 R"(by="redis")")),
      connected_(deps.metrics.gauge("allauth_hints_connected", "1 while hints of changes can come.",
                                    R"(by="redis")")),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

void RedisHints::tell(Revision revision) {
  newest_ = to_number(revision);
  ::eventfd_write(wake_, 1);
}

void RedisHints::stop() {
  if (!thread_.joinable()) return;
  ending_ = true;
  ::eventfd_write(wake_, 1);
  thread_.join();
  ::close(wake_);
}

void RedisHints::run() {
  constexpr int kMostDoublings = 10;
  while (!ending_) {
    const auto ended = serve();
    if (!ending_) say_why(ended.error());
    connected_.set(0);
    const auto whole =
        std::min(options_.longest_pause, options_.first_pause * (1 << std::min(failures_, kMostDoublings)));
    ++failures_;
    rest(jittered(whole, deps_.entropy));
  }
}

// Until something is wrong, which is the answer, or this is to end.
Result<void> RedisHints::serve() {
  telling_ = 0;
  TRY(auto hears, open());
  TRY(auto tells, open());
  TRY(subscribe(hears));
  connected_.set(1);
  heard_(std::nullopt);
  const Tick since = deps_.clock.tick();
  while (!ending_) {
    TRY(turn(hears, tells));
    settle(since);
  }
  return {};
}

// What has held for a while may fail again and be news.
void RedisHints::settle(Tick since) {
  if (deps_.clock.tick() - since < options_.longest_pause) return;
  failures_ = 0;
  if (std::exchange(said_, false))
    deps_.log.info("redis: changes are told through it again", {{"server", options_.target.server()}});
}

Result<RedisHints::Line> RedisHints::open() const {
  TRY(auto connection, RedisConnection::open(options_.target, deps_.clock, options_.timeout));
  return Line{std::move(connection), deps_.clock.tick()};
}

Result<void> RedisHints::subscribe(Line& hears) {
  TRY(const auto answer, hears.connection.ask({"SUBSCRIBE", options_.channel}));
  if (!answer.error.empty()) return refused(answer.error);
  if (answer.words.size() == 3 && answer.words[0] == "subscribe") return {};
  return junk();
}

Result<void> RedisHints::turn(Line& hears, Line& tells) {
  TRY(tell_newest(tells));
  TRY(keep_alive(hears));
  TRY(keep_alive(tells));
  std::array<pollfd, 3> waiting{{{.fd = wake_, .events = POLLIN, .revents = 0},
                                 {.fd = hears.connection.descriptor(), .events = POLLIN, .revents = 0},
                                 {.fd = tells.connection.descriptor(), .events = POLLIN, .revents = 0}}};
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(kTurn.count())) <= 0) return {};
  drain_wake();
  if (waiting[2].revents != 0) TRY(take_answer(tells));
  if (waiting[1].revents != 0) TRY(take_words(hears));
  return {};
}

Result<void> RedisHints::take_answer(Line& tells) {
  const bool asked = tells.asked.has_value();
  TRY(const auto answers, take(tells));
  if (answers.empty()) return {};
  if (!answers[0].error.empty()) return refused(answers[0].error);
  if (!asked || answers.size() > 1) return junk();
  if (telling_ == 0) return {};  // it was a ping
  sent_.add();
  told_ = std::exchange(telling_, 0);
  return {};
}

Result<void> RedisHints::take_words(Line& hears) {
  TRY(const auto replies, take(hears));
  if (replies.empty()) return {};
  for (const auto& reply : replies) {
    if (!reply.error.empty()) return refused(reply.error);
    if (reply.words.empty() || (reply.words[0] != "message" && reply.words[0] != "pong")) return junk();
  }
  pass_on(replies);
  rest(kBetween);
  return {};
}

Result<void> RedisHints::tell_newest(Line& tells) {
  const auto newest = newest_.load();
  if (newest == told_ || tells.asked) return {};
  telling_ = newest;
  tells.asked = deps_.clock.tick();
  return tells.connection.send({"PUBLISH", options_.channel, std::to_string(newest)});
}

Result<void> RedisHints::keep_alive(Line& line) {
  const Tick now = deps_.clock.tick();
  if (line.asked) {
    if (now - *line.asked > options_.timeout) return silent();
    return {};
  }
  if (now - line.heard < options_.ping_interval) return {};
  line.asked = now;
  return line.connection.send({"PING"});
}

Result<std::vector<RedisReply>> RedisHints::take(Line& line) {
  TRY(auto replies, line.connection.receive());
  if (!replies.empty()) {
    line.heard = deps_.clock.tick();
    line.asked.reset();
  }
  return replies;
}

void RedisHints::pass_on(const std::vector<RedisReply>& replies) {
  std::uint64_t newest = 0;
  for (const auto& reply : replies)
    if (reply.words.size() == 3 && reply.words[0] == "message" && reply.words[1] == options_.channel)
      newest = std::max(newest, parse_u64(reply.words[2]).value_or(0));
  if (newest > 0 && heard_(static_cast<Revision>(newest))) received_.add();
}

// The same trouble is said once, not at every attempt.
void RedisHints::say_why(const Error& error) {
  if (std::exchange(said_, true)) return;
  deps_.log.warn("redis: changes are not told through it; nodes find them by looking for them",
                 {{"server", options_.target.server()},
                  {"reason", error.reason.slug()},
                  {"error", error.message},
                  {"detail", error.detail}});
}

void RedisHints::rest(Millis pause) {
  const Tick until = deps_.clock.tick() + pause;
  while (!ending_) {
    const auto left = std::chrono::ceil<Millis>(until - deps_.clock.tick()).count();
    if (left <= 0) return;
    pollfd waiting{.fd = wake_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(left)) > 0) drain_wake();
  }
}

void RedisHints::drain_wake() {
  eventfd_t woken = 0;
  ::eventfd_read(wake_, &woken);
}

}  // namespace allauth::server
