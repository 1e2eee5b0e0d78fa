// TCP over loopback or to a numeric address, as the load needs it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace allauth::bench {

// host:port with a numeric host. With `source`, connections come from that address of this machine:
// servers limit how many one address may have.
struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string source = {};
};
// "http://127.0.0.1:8080" and the like; the scheme may be missing.
Result<Target> parse_target(std::string_view url);

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();

  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  void close();

 private:
  int fd_ = -1;
};

enum class Blocking { yes, no };
// Connected, without Nagle's delay; non-blocking ones are perhaps connecting still.
Result<Socket> dial(const Target& target, Blocking blocking);

Result<void> send_all(const Socket& socket, std::string_view bytes);
// Adds what there is, at least one byte. Error at the end of the stream.
Result<void> receive_some(const Socket& socket, std::string& into);

// A port of 127.0.0.1 that was free a moment ago, for programs that cannot choose one themselves.
Result<std::uint16_t> free_port();

}  // namespace allauth::bench
