#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/mqtt_load.h"

namespace allauth::bench::mqtt {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kPayload = 64;
constexpr std::uint64_t kWindow = 256;  // messages of one pair under way
constexpr std::uint64_t kAtOnce = 32;   // messages in one write
constexpr auto kPatience = std::chrono::seconds(5);

class Pairs {
 public:
  explicit Pairs(const PairsLoad& load) : load_(load), epoll_(::epoll_create1(0)) {}

  Result<PairsResult> run() {
    pairs_.resize(load_.topics.size());
    for (std::size_t i = 0; i < pairs_.size(); ++i) TRY(open(i));
    const auto start = SteadyClock::now();
    const auto end = start + std::chrono::duration_cast<SteadyClock::duration>(
                                 std::chrono::duration<double>(load_.seconds));
    for (auto& pair : pairs_) TRY(publish(pair));
    while (SteadyClock::now() < end) TRY(turn());
    result_.seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
    for (const auto& pair : pairs_) result_.messages += pair.received;
    TRY(drain());
    return result_;
  }

 private:
  struct Pair {
    Socket publisher, subscriber;
    std::string message;     // a PUBLISH whose payload begins with its number
    std::size_t number = 0;  // where in it
    std::string out, in;
    std::uint64_t sent = 0, received = 0;
  };

  // Waits for what is under way, so that nothing is left to disturb the next run; what does not come
  // is lost.
  Result<void> drain() {
    publishing_ = false;
    const auto missing = [this] {
      std::uint64_t sum = 0;
      for (const auto& pair : pairs_) sum += pair.sent - pair.received;
      return sum;
    };
    const auto give_up = SteadyClock::now() + kPatience;
    while (missing() > 0 && SteadyClock::now() < give_up) TRY(turn());
    result_.wrong += missing();
    return {};
  }

  Result<void> open(std::size_t i) {
    auto& pair = pairs_[i];
    auto login = load_.logins[i];
    login.client_id = fmt::format("sub{}", i);
    TRY(pair.subscriber, open_session(load_.target, login));
    TRY(subscribe(pair.subscriber, load_.topics[i]));
    login.client_id = fmt::format("pub{}", i);
    TRY(pair.publisher, open_session(load_.target, login));
    pair.message = publish_packet(load_.topics[i], std::string(kPayload, 'x'));
    pair.number = pair.message.size() - kPayload;
    watch(pair.subscriber, EPOLLIN, i);
    watch(pair.publisher, EPOLLOUT | EPOLLET, i);  // tells when a full socket has room again
    return {};
  }
  void watch(const Socket& socket, std::uint32_t events, std::size_t i) {
    epoll_event event{.events = events, .data = {.u64 = i}};
    ::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, socket.fd(), &event);
  }

  Result<void> turn() {
    std::array<epoll_event, 64> events{};
    const int count = ::epoll_wait(epoll_.fd(), events.data(), events.size(), 50);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      auto& pair = pairs_[event.data.u64];
      if ((event.events & EPOLLIN) != 0) TRY(receive(pair));
      TRY(publish(pair));
    }
    return {};
  }

  Result<void> publish(Pair& pair) {
    for (;;) {
      if (pair.out.empty() && publishing_) fill(pair);
      if (pair.out.empty()) return {};
      const auto sent =
          ::send(pair.publisher.fd(), pair.out.data(), pair.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EAGAIN) return {};
      if (sent < 0) return fail(Code::unavailable, "mqtt.lost", "A publisher was cut off.");
      pair.out.erase(0, static_cast<std::size_t>(sent));
    }
  }
  void fill(Pair& pair) {
    for (std::uint64_t n = 0; n < kAtOnce && pair.sent - pair.received < kWindow; ++n) {
      std::memcpy(pair.message.data() + pair.number, &pair.sent, sizeof pair.sent);
      pair.out += pair.message;
      ++pair.sent;
    }
  }

  Result<void> receive(Pair& pair) {
    std::array<char, 65536> bytes;
    const auto size = ::recv(pair.subscriber.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return {};
    if (size <= 0) return fail(Code::unavailable, "mqtt.lost", "A subscriber was cut off.");
    pair.in.append(bytes.data(), static_cast<std::size_t>(size));
    std::string_view rest = pair.in;
    while (const auto packet = parse_packet(rest)) {
      count(pair, *packet);
      rest.remove_prefix(packet->size);
    }
    pair.in.erase(0, pair.in.size() - rest.size());
    return {};
  }
  void count(Pair& pair, const Packet& packet) {
    const auto text = payload(packet);
    std::uint64_t number = ~std::uint64_t{0};
    if (packet.type == Type::publish && text.size() == kPayload)
      std::memcpy(&number, text.data(), sizeof number);
    if (number != pair.received) ++result_.wrong;
    ++pair.received;
  }

  const PairsLoad& load_;
  Socket epoll_;
  std::vector<Pair> pairs_;
  bool publishing_ = true;
  PairsResult result_;
};

}  // namespace

Result<PairsResult> run(const PairsLoad& load) { return Pairs(load).run(); }

}  // namespace allauth::bench::mqtt
