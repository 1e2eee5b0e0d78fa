// Binds a listener's address and accepts: the part of listening that does not depend on what is spoken.
// Watches the TLS files as well. Only for this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/ip/tcp.hpp>

#include "base/error.h"
#include "net/listener_options.h"

namespace allauth::net {

class Admission;
class IoPool;

// A connected socket, non-blocking, that nobody has taken yet; closed if nobody does.
class Accepted {
 public:
  Accepted(int fd, boost::asio::ip::tcp::endpoint from, std::shared_ptr<void> lease)
      : fd_(fd), from_(std::move(from)), lease_(std::move(lease)) {}
  Accepted(Accepted&& other) noexcept;
  Accepted& operator=(Accepted&&) = delete;
  ~Accepted();

  int fd() const { return fd_; }
  const boost::asio::ip::tcp::endpoint& from() const { return from_; }
  bool admitted() const { return lease_ != nullptr; }
  int release();  // the caller closes it
  // Counts the connection as open until it is destroyed.
  std::shared_ptr<void> take_lease() { return std::move(lease_); }

 private:
  int fd_;
  boost::asio::ip::tcp::endpoint from_;
  std::shared_ptr<void> lease_;
};

// An IPv4 address, or an IPv6 /64 (what one subscriber usually has), as a number.
std::uint64_t source_of(const boost::asio::ip::address& address);

// Metrics: those of Listener.
class Acceptor {
 public:
  // Called on loop 0 with each connection that was let in, while not closed.
  using Handler = std::function<void(Accepted)>;

  // Errors: listener.plaintext, listener.address.invalid, listener.bind.
  static Result<std::unique_ptr<Acceptor>> start(IoPool& pool, const ListenerOptions& options,
                                                 std::shared_ptr<Admission> admission, Handler handler);
  ~Acceptor();  // close()

  std::uint16_t port() const;
  // Stops accepting; done when loop 0 has run what this posts. Thread-safe and idempotent.
  void close();

  struct Impl;

 private:
  explicit Acceptor(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace allauth::net
