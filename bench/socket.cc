#include "bench/socket.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

namespace allauth::bench {
namespace {

std::unexpected<Error> failed(std::string_view what) {
  return fail(Code::unavailable, "socket.failed", fmt::format("{}: {}.", what, std::strerror(errno)));
}

Result<sockaddr_in> to_address(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    return fail(Code::invalid, "target.host", fmt::format("{} is not an IPv4 address.", host));
  return address;
}

Result<void> come_from(const Socket& socket, const std::string& source) {
  TRY(const auto address, to_address(source, 0));
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failed("bind");
  return {};
}

}  // namespace

Result<Target> parse_target(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  const auto colon = url.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_u64(url.substr(colon + 1));
  if (!port || *port > 65535)
    return fail(Code::invalid, "target.url", fmt::format("Expected http://host:port, got \"{}\".", url));
  return Target{.host = std::string(url.substr(0, colon)), .port = static_cast<std::uint16_t>(*port)};
}

Socket::~Socket() { close(); }

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<Socket> dial(const Target& target, Blocking blocking) {
  TRY(const auto address, to_address(target.host, target.port));
  const int type = SOCK_STREAM | SOCK_CLOEXEC | (blocking == Blocking::no ? SOCK_NONBLOCK : 0);
  Socket socket(::socket(AF_INET, type, 0));
  if (!socket.open()) return failed("socket");
  if (!target.source.empty()) TRY(come_from(socket, target.source));
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    return failed("connect");
  return socket;
}

Result<void> send_all(const Socket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return failed("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> receive_some(const Socket& socket, std::string& into) {
  std::array<char, 16384> bytes;
  const auto size = ::recv(socket.fd(), bytes.data(), bytes.size(), 0);
  if (size < 0) return failed("receive");
  if (size == 0) return fail(Code::unavailable, "socket.ended", "The peer closed the connection.");
  into.append(bytes.data(), static_cast<std::size_t>(size));
  return {};
}

Result<std::uint16_t> free_port() {
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  TRY(auto address, to_address("127.0.0.1", 0));
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failed("bind");
  socklen_t size = sizeof address;
  ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace allauth::bench
