#include "store/testing/tcp_relay.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace allauth::store::testing {
namespace {

constexpr int kTickMillis = 10;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int new_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Empty: the peer has ended the connection.
std::string_view receive(int from, std::array<char, 65536>& buffer) {
  const auto size = ::recv(from, buffer.data(), buffer.size(), 0);
  return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

TcpRelay::TcpRelay(int server_port) : server_port_(server_port), listener_(new_socket()) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    std::perror("relay");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { loop(); });
}

TcpRelay::~TcpRelay() {
  ending_ = true;
  thread_.join();
  ::close(listener_);
  for (const auto& pair : pairs_) {
    ::close(pair.client);
    ::close(pair.server);
  }
}

void TcpRelay::lose(Lose what, std::string_view bytes) {
  wanted_ = bytes;
  losing_ = 1 + static_cast<int>(what);
}

void TcpRelay::loop() {
  while (!ending_) {
    std::vector<pollfd> waiting{{.fd = listener_, .events = POLLIN, .revents = 0}};
    for (auto& pair : pairs_) {
      pair.frozen |= frozen_.load();
      const short events = pair.frozen ? short{0} : short{POLLIN};
      waiting.push_back({.fd = pair.frozen ? -1 : pair.client, .events = events, .revents = 0});
      waiting.push_back({.fd = pair.frozen ? -1 : pair.server, .events = events, .revents = 0});
    }
    if (::poll(waiting.data(), waiting.size(), kTickMillis) <= 0) continue;
    std::vector<Pair> alive;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      auto& pair = pairs_[i];
      bool goes_on = true;
      if (waiting[1 + 2 * i].revents != 0) goes_on = pass_request(pair);
      if (goes_on && waiting[2 + 2 * i].revents != 0) goes_on = pass_answer(pair);
      if (goes_on) {
        alive.push_back(pair);
      } else {
        ::close(pair.client);
        ::close(pair.server);
      }
    }
    pairs_ = std::move(alive);
    if (waiting[0].revents != 0) accept_one();
  }
}

void TcpRelay::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++accepted_;
  const int server = new_socket();
  const auto address = loopback(server_port_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    pairs_.push_back({.client = client, .server = server});
    return;
  }
  ::close(client);
  ::close(server);
}

bool TcpRelay::pass_request(Pair& pair) {
  std::array<char, 65536> buffer;
  const auto bytes = receive(pair.client, buffer);
  if (bytes.empty()) return false;
  if (losing_ != 0 && bytes.find(wanted_) != std::string_view::npos) {
    const auto what = static_cast<Lose>(losing_.exchange(0) - 1);
    if (what == Lose::request) return false;
    pair.losing_answer = true;
  }
  return send_all(pair.server, bytes);
}

bool TcpRelay::pass_answer(Pair& pair) {
  std::array<char, 65536> buffer;
  const auto bytes = receive(pair.server, buffer);
  return !bytes.empty() && !pair.losing_answer && send_all(pair.client, bytes);
}

}  // namespace allauth::store::testing
