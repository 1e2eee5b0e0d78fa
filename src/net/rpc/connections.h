// The open connections of a listener, as far as we know them: the library owns the sockets and does not
// tell when it closes one, so a sweep looks whether the descriptor is still the same socket. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include "codec/http.h"
#include "net/acceptor.h"

namespace allauth::net {

// What one address has under way, over all its connections.
struct RpcSource {
  std::atomic<std::size_t> calls{0};
};

class RpcConnection {
 public:
  RpcConnection(const Accepted& accepted, std::shared_ptr<void> lease, std::shared_ptr<RpcSource> source,
                bool tls);

  // Who is at the other end. The certificate is asked for once, at the first call: `read` gives its DER.
  template <class Read>
  const http::Peer& peer(Read read) const {
    std::call_once(known_, [&] { peer_.certificate_der = read(); });
    return peer_;
  }
  RpcSource& source() const { return *source_; }

  // Counts a call that was taken back; true when there have been `limit` of them within this sweep.
  bool took_back(std::size_t limit) const { return ++resets_ == limit; }
  // Shuts the socket down, if it still is this connection's.
  void cut() const;

 private:
  friend class RpcConnections;
  bool is_open() const;

  const int fd_;
  const ino_t socket_;  // the kernel's number of the socket: descriptors are used again, these are not
  mutable std::once_flag known_;
  mutable http::Peer peer_;
  mutable std::atomic<std::size_t> resets_{0};
  const std::shared_ptr<void> lease_;
  const std::shared_ptr<RpcSource> source_;
};

class RpcConnections {
 public:
  // Remembers an accepted socket, which the caller then gives to the library.
  void add(Accepted& accepted, bool tls);
  // By the library's name for the peer ("ipv4:127.0.0.1:4711"); null if there is none.
  std::shared_ptr<const RpcConnection> find(std::string_view peer) const;
  // Forgets those that were closed, and begins a new count of calls taken back.
  void sweep();

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::shared_ptr<RpcSource> source(std::uint64_t address);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<RpcConnection>, Hash, std::equal_to<>> open_;
  std::unordered_map<std::uint64_t, std::weak_ptr<RpcSource>> sources_;
};

// The library's name for an endpoint.
std::string library_name(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace allauth::net
