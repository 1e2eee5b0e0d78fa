#include "bench/mqtt_load.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

namespace allauth::bench::mqtt {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kParallel = 16;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

// True if something can be read before then.
bool readable_until(const Socket& socket, SteadyClock::time_point until) {
  const auto wait = std::max(SteadyClock::duration::zero(), until - SteadyClock::now());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  const timespec time{.tv_sec = seconds.count(), .tv_nsec = (wait - seconds).count()};
  pollfd ready{.fd = socket.fd(), .events = POLLIN, .revents = 0};
  return ::ppoll(&ready, 1, &time, nullptr) > 0;
}

// Takes all PUBACKs in `bytes`; they must come in order.
Result<void> take_acks(std::string& bytes,
                       std::deque<std::pair<std::uint16_t, SteadyClock::time_point>>& sent,
                       Latencies& latencies) {
  std::string_view rest = bytes;
  while (const auto packet = parse_packet(rest)) {
    if (packet->type != Type::puback || sent.empty() || packet_id(*packet) != sent.front().first)
      return fail(Code::unavailable, "mqtt.ack", "A PUBACK was not the one expected.");
    latencies.add((SteadyClock::now() - sent.front().second).count());
    sent.pop_front();
    rest.remove_prefix(packet->size);
  }
  bytes.erase(0, bytes.size() - rest.size());
  return {};
}

// Opens and closes connections, a fixed number at a time.
class Storm {
 public:
  explicit Storm(const ConnectLoad& load) : load_(load), epoll_(::epoll_create1(0)), links_(kParallel) {}

  Result<double> run() {
    const auto begin = SteadyClock::now();
    for (std::size_t i = 0; i < kParallel; ++i) TRY(open(i));
    while (done_ < load_.connections) {
      std::array<epoll_event, kParallel> events{};
      const int count = ::epoll_wait(epoll_.fd(), events.data(), events.size(), 5000);
      if (count <= 0) return fail(Code::unavailable, "mqtt.stuck", "Connections were not answered.");
      for (int i = 0; i < count; ++i) TRY(advance(events[static_cast<std::size_t>(i)].data.u64));
    }
    return static_cast<double>(load_.connections) / seconds_since(begin);
  }

 private:
  struct Link {
    Socket socket;
    bool asked = false;
  };

  Result<void> open(std::size_t i) {
    links_[i] = {};
    TRY(links_[i].socket, dial(load_.target, Blocking::no));
    epoll_event event{.events = EPOLLOUT, .data = {.u64 = i}};
    ::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, links_[i].socket.fd(), &event);
    return {};
  }

  Result<void> advance(std::size_t i) {
    auto& link = links_[i];
    if (!link.asked) {
      link.asked = true;
      auto login = load_.logins[started_ % load_.logins.size()];
      login.client_id = fmt::format("storm{}", started_++);
      TRY(send_all(link.socket, connect_packet(login)));
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      ::epoll_ctl(epoll_.fd(), EPOLL_CTL_MOD, link.socket.fd(), &event);
      return {};
    }
    std::string bytes;
    TRY(receive_some(link.socket, bytes));
    const auto packet = parse_packet(bytes);
    if (!packet || packet->type != Type::connack || packet->body != std::string_view("\0\0", 2))
      return fail(Code::unavailable, "mqtt.refused", "A CONNECT was refused.");
    TRY(send_all(link.socket, disconnect_packet()));
    ++done_;
    return open(i);
  }

  const ConnectLoad& load_;
  Socket epoll_;
  std::vector<Link> links_;
  std::size_t started_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

Result<Latencies> run(const AckLoad& load) {
  ::prctl(PR_SET_TIMERSLACK, 1);
  TRY(const auto socket, open_session(load.target, load.login));
  const std::string payload(64, 'x');
  const auto every = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / load.rate));
  const auto begin = SteadyClock::now();
  Latencies latencies;
  std::deque<std::pair<std::uint16_t, SteadyClock::time_point>> sent;
  std::string bytes;
  std::uint16_t id = 0;
  for (auto due = begin; seconds_since(begin) < load.seconds;) {
    if (SteadyClock::now() >= due) {
      id = id == 0xFFFF ? std::uint16_t{1} : static_cast<std::uint16_t>(id + 1);
      TRY(send_all(socket, publish_packet_qos1(load.topic, payload, id)));
      sent.emplace_back(id, due);
      due += every;
    }
    if (!readable_until(socket, due)) continue;
    TRY(receive_some(socket, bytes));
    TRY(take_acks(bytes, sent, latencies));
  }
  return latencies;
}

Result<double> run(const ConnectLoad& load) { return Storm(load).run(); }

}  // namespace allauth::bench::mqtt
