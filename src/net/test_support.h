// For the tests of this folder: an I/O pool with all it needs, a blocking client on a real socket,
// and files that go away again.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/http_server.h"
#include "net/io.h"
#include "net/listener.h"

namespace allauth::net {

// How long a test waits for what must happen before it gives up.
inline constexpr std::chrono::seconds kPatience{20};

template <class T>
T must(Result<T> result) {
  if (!result)
    throw std::runtime_error(std::string(result.error().reason.slug()) + ": " + result.error().message + " " +
                             result.error().detail);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <class T>
T wait_for(std::future<T> future) {
  if (future.wait_for(kPatience) != std::future_status::ready)
    throw std::runtime_error("nothing came in time");
  return future.get();
}

// True as soon as `happened()` is.
template <class Fn>
bool eventually(Fn happened) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!happened()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

// A running pool. Its log goes nowhere; sweeps are frequent, so that timeouts of some ms work.
struct TestPool {
  explicit TestPool(std::size_t threads = 2)
      : null(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
        log(clock, LogLevel::debug, LogFormat::human, null),
        pool(IoOptions{.threads = threads, .sweep = Millis(5)}, clock, log, metrics) {
    pool.start();
  }
  ~TestPool() {
    pool.stop();
    ::close(null);
  }
  TestPool(const TestPool&) = delete;
  TestPool& operator=(const TestPool&) = delete;

  // The value of the series that begins with `series`; -1 if there is none.
  double metric(std::string_view series) const {
    const auto text = metrics.render();
    const auto at = text.find("\n" + std::string(series) + " ");
    return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + series.size() + 2, nullptr);
  }

  SystemClock clock;
  int null;
  Log log;
  Metrics metrics;
  IoPool pool;
};

// A client that blocks, on loopback.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False if the peer has reset the connection.
  bool send(std::string_view data) {
    while (!data.empty()) {
      const auto n = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      data.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void finish() { ::shutdown(fd_, SHUT_WR); }

  // Reads until `enough(text)`, the end or a reset; what came. Throws when nothing comes for long.
  template <class Fn>
  std::string read_until(Fn enough) {
    while (!enough(std::string_view(in_))) {
      char block[4096];
      const auto n = ::recv(fd_, block, sizeof block, 0);
      if (n < 0 && errno == EAGAIN) throw std::runtime_error("nothing came; so far: " + in_);
      if (n <= 0) {
        ended_ = true;
        break;
      }
      in_.append(block, static_cast<std::size_t>(n));
    }
    return in_;
  }
  std::string read_to_end() {
    read_until([](std::string_view) { return false; });
    return std::exchange(in_, {});
  }
  // One response with its body, by Content-Length.
  std::string read_response(bool with_body = true) {
    std::size_t size = 0;
    read_until([&](std::string_view text) {
      const auto end = text.find("\r\n\r\n");
      if (end == std::string_view::npos) return false;
      size = end + 4;
      if (with_body) {
        const auto length = text.substr(0, end).find("Content-Length: ");
        if (length != std::string_view::npos)
          size += std::strtoull(std::string(text.substr(length + 16, 20)).c_str(), nullptr, 10);
      }
      return text.size() >= size;
    });
    auto response = in_.substr(0, size);
    in_.erase(0, size);
    return response;
  }
  bool ended() const { return ended_; }
  int descriptor() const { return fd_; }

 private:
  int fd_;
  std::string in_;
  bool ended_ = false;
};

inline int status_of(std::string_view response) {
  return response.starts_with("HTTP/1.1 ") ? std::atoi(std::string(response.substr(9, 3)).c_str()) : 0;
}

// A directory of its own, removed with all that is in it.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-net-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string write(const std::string& name, std::string_view text, mode_t mode = 0600) const {
    const std::string file = path_ / name;
    std::ofstream(file, std::ios::trunc) << text;
    ::chmod(file.c_str(), mode);
    return file;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace allauth::net
