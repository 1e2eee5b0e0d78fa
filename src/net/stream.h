// A byte stream over TCP or over TLS on TCP, for coroutines: one type, so that what is spoken on it
// does not care. TCP_NODELAY is on.
//
// Lives on one loop; all calls on that loop's thread. One coroutine may read while another writes,
// but not two of the same kind. Timeouts: arm a Deadline that calls cancel() or close().
//
// Errors (all Code::unavailable unless said): net.closed (reset, or closed on this side),
// net.cancelled, net.tls (a TLS failure; the cause is in the detail), and for dial also
// net.resolve, net.connect, net.timeout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "codec/http.h"

namespace allauth::net {

class ClientTls;
class IoPool;

class Stream {
 public:
  class Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();  // close()

  // Reads what is there, at least one byte; 0 at the end of the stream. With TLS a
  // connection that ends without close_notify ends here too: what is spoken must say its own length.
  boost::asio::awaitable<Result<std::size_t>> read_some(std::span<char> into);
  // Waits until read_some has something to give, without holding a buffer meanwhile.
  boost::asio::awaitable<Result<void>> readable();
  // Writes all of `first`, then all of `second`, as few packets as possible. Both must stay alive
  // until it returns.
  boost::asio::awaitable<Result<void>> write(std::string_view first, std::string_view second = {});
  // Writes as much as goes at once; how much of first + second that was. Less than all means that
  // the rest needs write() (with TLS: of exactly the same bytes).
  Result<std::size_t> try_write(std::string_view first, std::string_view second = {});
  // Tells the peer that nothing more will be written (close_notify, FIN); reading goes on.
  // Best effort: does not wait for a peer that reads slowly.
  void shutdown();
  // Pending reads and writes end with net.cancelled; the stream can be used again.
  void cancel();
  // Pending reads and writes end; the descriptor is gone. Idempotent.
  void close();
  // Like close(), but the peer gets a reset and no port lingers in TIME_WAIT.
  void abort();
  bool is_open() const;
  // Whether the peer has closed its side, or reset the connection, whatever is still to be read of it. Asks
  // the system; does not wait.
  bool peer_has_ended() const;

  // Who is at the other end, verified client certificate included.
  const http::Peer& peer() const;
  // The protocol agreed by ALPN; empty if none was.
  std::string_view alpn() const;
  // The loop that it lives on.
  std::size_t loop() const;

 private:
  std::unique_ptr<Impl> impl_;
};

struct Dial {
  std::string host;  // a name or an IP address
  std::uint16_t port = 0;
  std::shared_ptr<ClientTls> tls;   // none: clear text
  Millis timeout = Millis(10'000);  // for all of resolving, connecting and the TLS handshake
};

// Connects on loop `loop`; to be awaited on that loop.
boost::asio::awaitable<Result<Stream>> dial(IoPool& pool, std::size_t loop, Dial target);

}  // namespace allauth::net
