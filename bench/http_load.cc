#include "bench/http_load.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/http.h"

namespace allauth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::uint64_t kLookAtEvery = 64;

class Generator {
 public:
  explicit Generator(const HttpLoad& load)
      : load_(load), links_(load.connections), epoll_(::epoll_create1(0)) {
    idle_.reserve(load.connections);
    result_.latencies.reserve(1 << 20);
  }

  Result<HttpLoadResult> run() {
    for (std::size_t i = 0; i < links_.size(); ++i) {
      TRY(connect(i));
      idle_.push_back(i);
    }
    start_ = SteadyClock::now();
    end_ = start_ +
           std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(load_.seconds));
    while (SteadyClock::now() < end_) {
      TRY(ask());
      TRY(take_answers());
    }
    result_.seconds = std::chrono::duration<double>(SteadyClock::now() - start_).count();
    return std::move(result_);
  }

 private:
  struct Link {
    Socket socket;
    std::string bytes;
    SteadyClock::time_point since;
  };

  Result<void> connect(std::size_t i) {
    auto& link = links_[i];
    link.socket.close();
    link.bytes.clear();
    TRY(link.socket, dial(load_.target, Blocking::yes));
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    ::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, link.socket.fd(), &event);
    return {};
  }

  SteadyClock::time_point due(std::uint64_t n) const {
    return start_ +
           std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(n) / load_.rate));
  }

  // Sends what is due, as far as there are free connections.
  Result<void> ask() {
    while (!idle_.empty()) {
      const auto now = SteadyClock::now();
      const auto since = load_.rate > 0 ? due(asked_) : now;
      if (since > now) return {};
      auto& link = links_[idle_.back()];
      idle_.pop_back();
      link.since = since;
      ++asked_;
      TRY(send_all(link.socket, load_.request));
    }
    return {};
  }

  // Saturating: sleeps until there is something. Open loop: spins, so as to be on time.
  Result<void> take_answers() {
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(epoll_.fd(), events.data(), events.size(), load_.rate > 0 ? 0 : 100);
    for (int i = 0; i < count; ++i) TRY(take_answer(events[static_cast<std::size_t>(i)].data.u64));
    return {};
  }

  Result<void> take_answer(std::size_t i) {
    auto& link = links_[i];
    std::array<char, 16384> bytes;
    const auto size = ::recv(link.socket.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (size <= 0) return fail(Code::unavailable, "load.lost", "A connection was lost while the load ran.");
    link.bytes.append(bytes.data(), static_cast<std::size_t>(size));
    const auto answer = parse_answer(link.bytes);
    if (!answer) return {};
    count(*answer, link.since);
    const bool closes = answer->closes;
    link.bytes.clear();
    if (closes) TRY(connect(i));
    idle_.push_back(i);
    return {};
  }

  void count(const HttpAnswer& answer, SteadyClock::time_point since) {
    const auto latency = SteadyClock::now() - since;
    result_.latencies.add(std::chrono::duration_cast<std::chrono::nanoseconds>(latency).count());
    ++result_.answers;
    bool right = answer.status == 200 || answer.status == 201;
    if (right && load_.right && result_.answers % kLookAtEvery == 1) right = load_.right(answer.body);
    if (!right) ++result_.wrong;
  }

  const HttpLoad& load_;
  std::vector<Link> links_;
  Socket epoll_;
  std::vector<std::size_t> idle_;
  std::uint64_t asked_ = 0;
  SteadyClock::time_point start_, end_;
  HttpLoadResult result_;
};

}  // namespace

Result<HttpLoadResult> run(const HttpLoad& load) { return Generator(load).run(); }

}  // namespace allauth::bench
