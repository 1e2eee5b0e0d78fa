// For tests: a gateway in this process, plain sockets to talk to it, and brokers behind it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "mqtt/gateway.h"
#include "mqtt/session_rig.h"
#include "net/io.h"

namespace allauth::mqtt {

using namespace std::chrono_literals;

// A blocking socket whose reads give up after a while.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }

  static Socket connect(std::uint16_t port) {
    Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = loopback(port);
    if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      socket.close();
    const int on = 1;
    ::setsockopt(socket.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  bool ok() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;  // the test sees the end when it reads
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // Up to `size` bytes; fewer at the end of the stream or after `patience`.
  std::string read(std::size_t size, Millis patience = 2s) {
    std::string out;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (out.size() < size && wait(until)) {
      char buffer[4096];
      const auto n = ::recv(fd_, buffer, std::min(sizeof buffer, size - out.size()), 0);
      if (n <= 0) {
        ended_ = true;
        break;
      }
      out.append(buffer, static_cast<std::size_t>(n));
    }
    return out;
  }
  // One whole packet.
  std::string packet() {
    auto out = read(2);
    while (out.size() > 1 && (static_cast<unsigned char>(out.back()) & 0x80) != 0 && out.size() < 5)
      out += read(1);
    std::size_t length = 0;
    for (std::size_t i = out.size(); i > 1; --i)
      length = length << 7 | (static_cast<unsigned char>(out[i - 1]) & 0x7F);
    return out + read(length);
  }
  // All that comes before the peer closes; ended() tells whether it did.
  std::string drain(Millis patience = 2s) { return read(std::size_t(-1), patience); }
  bool ended() const { return ended_; }

 private:
  bool wait(std::chrono::steady_clock::time_point until) const {
    const auto left = std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now()).count();
    pollfd poll_fd{fd_, POLLIN, 0};
    return left > 0 && ::poll(&poll_fd, 1, static_cast<int>(left)) == 1;
  }
  int fd_ = -1;
  bool ended_ = false;
};

// A listening socket on a free port that answers only what the test says.
class FakeBroker {
 public:
  FakeBroker() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = Socket::loopback(0);
    ::bind(listener_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_.fd(), 16);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(listener_.fd(), reinterpret_cast<sockaddr*>(&bound), &size);
    port_ = ntohs(bound.sin_port);
  }
  std::uint16_t port() const { return port_; }
  // Nothing if nobody connects in time.
  Socket accept(Millis patience = 2s) const {
    pollfd poll_fd{listener_.fd(), POLLIN, 0};
    if (::poll(&poll_fd, 1, static_cast<int>(patience.count())) != 1) return Socket();
    return Socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  void close() { listener_.close(); }

 private:
  Socket listener_;
  std::uint16_t port_ = 0;
};

// Calls `done` until it is true or the patience is over.
template <class Fn>
bool eventually(Fn&& done, Millis patience = 5s) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

// A real broker: mosquitto on a free port, everybody allowed in.
class Mosquitto {
 public:
  static constexpr const char* kProgram = "/usr/sbin/mosquitto";
  static bool installed() { return std::filesystem::exists(kProgram); }

  Mosquitto() {
    char name[] = "/tmp/allauth-mosquitto-XXXXXX";
    folder_ = ::mkdtemp(name);
    {
      FakeBroker free_port;
      port_ = free_port.port();
    }
    const auto config = folder_ + "/mosquitto.conf";
    std::ofstream(config) << "listener " << port_
                          << " 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl(kProgram, kProgram, "-c", config.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    started_ = eventually([this] { return Socket::connect(port_).ok(); });
  }
  ~Mosquitto() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;
  bool started() const { return started_; }
  std::uint16_t port() const { return port_; }

 private:
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  bool started_ = false;
};

// Answers as Policy says, from any thread.
class SharedGuard final : public Guard {
 public:
  struct State {
    std::mutex mutex;
    Policy policy;
    std::atomic<std::uint64_t> revision{1};
    void change(const std::function<void(Policy&)>& how) {
      const std::lock_guard lock(mutex);
      how(policy);
      ++revision;
    }
  };
  template <class Fn>
  auto with(Fn&& fn) {
    const std::lock_guard lock(state_->mutex);
    return fn();
  }
  explicit SharedGuard(std::shared_ptr<State> state) : state_(std::move(state)), guard_(state_->policy) {}
  TopicVerdict publish(std::string_view t, const Asked& a) override {
    return with([&] { return guard_.publish(t, a); });
  }
  TopicVerdict subscribe(std::string_view f, const Asked& a) override {
    return with([&] { return guard_.subscribe(f, a); });
  }
  std::string unsubscribe(std::string_view f) override {
    return with([&] { return guard_.unsubscribe(f); });
  }
  TopicVerdict deliver(std::string_view t, const Asked& a) override {
    return with([&] { return guard_.deliver(t, a); });
  }
  Verdict alive() override {
    return with([&] { return guard_.alive(); });
  }
  std::uint64_t revision() override { return state_->revision; }

 private:
  std::shared_ptr<State> state_;
  ScriptedGuard guard_;
};

// A running gateway. The user name "bad" is refused, everybody else gets a SharedGuard.
class GatewayRig {
 public:
  explicit GatewayRig(std::uint16_t broker_port, std::function<void(GatewayOptions&)> change = {})
      : log_(clock_, LogLevel::error, LogFormat::human), pool_({.threads = 2}, clock_, log_, metrics_) {
    GatewayOptions options;
    options.listeners.push_back({.name = "mqtt"});
    options.broker_port = broker_port;
    if (change) change(options);
    pool_.start();
    auto started = Gateway::start(
        pool_, std::move(options),
        [this](ConnectRequest request, std::move_only_function<void(ConnectOutcome)> done) {
          if (on_request) on_request(request);
          if (request.username == "bad") return done(Refusal::bad_credentials);
          const auto id = request.client_id.empty() ? fmt::format("made-{}", ++made_) : request.client_id;
          done(Accepted{.guard = std::make_unique<SharedGuard>(state), .broker_client_id = id});
        });
    if (started) gateway = std::move(*started);
  }
  ~GatewayRig() {
    gateway.reset();
    pool_.stop();
  }
  Socket connect() const { return Socket::connect(gateway->port()); }
  // Connected and accepted.
  Socket open(Version version, std::string_view id = "c1") const {
    auto socket = connect();
    socket.send(bytes_of(Connect{.version = version, .keep_alive = 60, .client_id = id}, version));
    const auto connack = socket.packet();
    EXPECT_TRUE(connack.size() >= 4 && connack[0] == '\x20' && connack[3] == 0) << hex(connack);
    return socket;
  }
  std::string metrics() const { return metrics_.render(); }
  net::IoPool& pool() { return pool_; }

  std::shared_ptr<SharedGuard::State> state = std::make_shared<SharedGuard::State>();
  std::unique_ptr<Gateway> gateway;
  std::function<void(const ConnectRequest&)> on_request;  // set before the first client comes

 private:
  std::atomic<int> made_{0};
  SystemClock clock_;
  Log log_;
  Metrics metrics_;
  net::IoPool pool_;
};

}  // namespace allauth::mqtt
