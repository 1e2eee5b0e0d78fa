// For tests: a real redis-server on a free port, and servers that are none.
#pragma once

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/hints/redis_connection.h"

namespace allauth::server {

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// Listens on a free port below those of outgoing connections, which could be one of our own that dials a
// server that is down.
inline int listen_somewhere(int& port) {
  for (port = 15'000 + ::getpid() % 10'000; port < 32'000; ++port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(port);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 16) == 0)
      return fd;
    ::close(fd);
  }
  std::abort();
}

inline bool eventually(const std::function<bool()>& condition, Seconds within = Seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(Millis(5));
  }
  return true;
}

class RedisServer {
 public:
  static constexpr const char* kProgram = "/usr/bin/redis-server";
  static std::string missing() {
    return ::access(kProgram, X_OK) == 0 ? "" : "there is no redis-server here; script/deps test installs it";
  }

  explicit RedisServer(std::vector<std::string> options = {}) : options_(std::move(options)) {
    ::close(listen_somewhere(port_));
    start();
  }
  ~RedisServer() { kill(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  int port() const { return port_; }
  RedisTarget target() const { return {.host = "127.0.0.1", .port = static_cast<std::uint16_t>(port_)}; }

  void start() {
    std::vector<std::string> words{kProgram, "--port", std::to_string(port_), "--bind", "127.0.0.1",
                                   "--save", "",       "--appendonly",        "no",     "--dir",
                                   "/"};
    words.insert(words.end(), options_.begin(), options_.end());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    child_ = ::fork();
    if (child_ == 0) {
      const int none = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      ::dup2(none, 1);
      ::dup2(none, 2);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() == parent) ::execv(kProgram, arguments.data());
      ::_exit(127);
    }
    SystemClock clock;
    const bool ready = eventually([&] {
      auto connection = RedisConnection::open(target(), clock, Millis(1000));
      return connection && connection->ask({"PING"});  // perhaps to be told to log in
    });
    if (!ready) std::abort();
  }
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(std::exchange(child_, -1), nullptr, 0);
  }

 private:
  std::vector<std::string> options_;
  int port_ = 0;
  pid_t child_ = -1;
};

// Answers each connection with `first`, and then with `again` without an end. Reads nothing.
class FalseRedis {
 public:
  FalseRedis(std::string first, std::string again)
      : first_(std::move(first)),
        again_(std::move(again)),
        listener_(listen_somewhere(port_)),
        thread_([this] { run(); }) {}
  ~FalseRedis() {
    ending_ = true;
    thread_.join();
    ::close(listener_);
  }
  FalseRedis(const FalseRedis&) = delete;
  FalseRedis& operator=(const FalseRedis&) = delete;

  RedisTarget target() const { return {.host = "127.0.0.1", .port = static_cast<std::uint16_t>(port_)}; }
  // What it got rid of in its longest connection.
  std::size_t most_sent() const { return most_sent_; }
  int served() const { return served_; }

 private:
  void run() {
    while (!ending_) {
      pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 10) <= 0) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (client < 0) continue;
      serve(client);
      ::close(client);
      ++served_;
    }
  }
  void serve(int client) {
    std::size_t sent = 0;
    std::string left = first_;
    while (!ending_) {
      if (left.empty()) left = again_;
      pollfd waiting{
          .fd = client, .events = static_cast<short>(POLLRDHUP | (left.empty() ? 0 : POLLOUT)), .revents = 0};
      if (::poll(&waiting, 1, 10) == 0) continue;
      if ((waiting.revents & (POLLRDHUP | POLLERR | POLLHUP)) != 0) break;
      const auto count = ::send(client, left.data(), left.size(), MSG_NOSIGNAL);
      if (count <= 0) break;
      sent += static_cast<std::size_t>(count);
      left.erase(0, static_cast<std::size_t>(count));
    }
    most_sent_ = std::max(most_sent_.load(), sent);
  }

  const std::string first_, again_;
  int port_ = 0;
  const int listener_;
  std::atomic<bool> ending_ = false;
  std::atomic<std::size_t> most_sent_ = 0;
  std::atomic<int> served_ = 0;
  std::thread thread_;
};

}  // namespace allauth::server
