// The open connections of a listener, as far as we know them: the library owns the sockets and does not
// tell when it closes one, so a sweep looks whether the descriptor is still the same socket. Thread-safe, but
// for the sweep, which is of one thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
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
  // Calls on it that have not been given an end. The library counts streams only once the peer has said that
  // it knows the limit.
  std::atomic<std::size_t>& calls() const { return calls_; }

  // So much of what it sent, its framing included, has become a call or a message.
  void heard(std::size_t bytes) const { heard_.fetch_add(bytes, std::memory_order_relaxed); }
  // Counts a call that was taken back or timed out; true when there have been `limit` of them within a
  // second.
  bool took_back(std::size_t limit) const { return ++resets_ == limit; }
  // Counts a call that was one too many on it; true when there have been `limit` of them within a second.
  bool refused(std::size_t limit) const { return ++refused_ == limit; }
  // Shuts the socket down, if it still is this connection's, and drops what has come.
  void cut() const;

 private:
  friend class RpcConnections;
  bool is_open() const;
  // What came and was not heard; only for the one who sweeps.
  std::uint64_t unheard_bytes(std::uint64_t excused);

  const int fd_;
  const ino_t socket_;  // the kernel's number of the socket: descriptors are used again, these are not
  mutable std::once_flag known_;
  mutable http::Peer peer_;
  mutable std::atomic<std::size_t> calls_{0};
  mutable std::atomic<std::size_t> resets_{0};
  mutable std::atomic<std::size_t> refused_{0};
  mutable std::atomic<std::uint64_t> heard_{0};
  std::uint64_t accounted_ = 0;  // of the bytes that came; this and the next for the one who sweeps
  bool closed_ = false;
  const std::shared_ptr<void> lease_;
  const std::shared_ptr<RpcSource> source_;
};

class RpcConnections {
 public:
  // Remembers an accepted socket, which the caller then gives to the library.
  void add(Accepted& accepted, bool tls);
  // By the library's name for the peer ("ipv4:127.0.0.1:4711"); null if there is none.
  std::shared_ptr<const RpcConnection> find(std::string_view peer) const;
  // Forgets those that were closed, and cuts those that sent more than `unheard` bytes that came to nothing
  // (a little each second is excused: signs of life, windows); how many those were.
  std::size_t sweep(Tick now, std::size_t unheard);
  // Forgets all of them: the library has closed them.
  void clear();

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  // Several, so that calls on different threads seldom meet.
  struct Part {
    std::vector<std::shared_ptr<RpcConnection>> all() const;
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<RpcConnection>, Hash, std::equal_to<>> open;
  };
  static std::size_t part_of(std::string_view peer) { return Hash()(peer) % kParts; }
  std::shared_ptr<RpcSource> source(std::uint64_t address);

  static constexpr std::size_t kParts = 16;
  std::array<Part, kParts> parts_;
  Tick counted_from_{};  // since when calls taken back are counted; a second at a time
  std::mutex sources_mutex_;
  std::unordered_map<std::uint64_t, std::weak_ptr<RpcSource>> sources_;
};

// The library's name for an endpoint.
std::string library_name(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace allauth::net
