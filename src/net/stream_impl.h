// What a Stream is made of. Only for .cc files of this folder.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/ssl_util.h"
#include "net/stream.h"

namespace allauth::net {

class Stream::Impl {
 public:
  Impl(boost::asio::io_context& context, std::size_t loop) : socket(context), loop(loop) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Makes TLS out of the connected socket, up to the end of the handshake. `host` is what the peer's
  // certificate must be for; only as a client.
  boost::asio::awaitable<Result<void>> handshake_server(std::shared_ptr<SSL_CTX> context);
  boost::asio::awaitable<Result<void>> handshake_client(std::shared_ptr<SSL_CTX> context, std::string host);

  // One non-blocking attempt; nothing when it would block, `wait_` says for what.
  std::optional<Result<std::size_t>> try_read_tls(std::span<char> into);
  std::optional<Result<std::size_t>> try_write_tls(std::string_view data);
  boost::asio::awaitable<Result<void>> wait(boost::asio::ip::tcp::socket::wait_type what);
  void shut();
  void close(bool reset);

  boost::asio::ip::tcp::socket socket;
  std::size_t loop;
  http::Peer peer;
  std::string alpn;
  SslPtr ssl;
  // Destroyed with the stream: counts it out of its listener.
  std::shared_ptr<void> lease;
  // What the last attempt that would have blocked waits for.
  boost::asio::ip::tcp::socket::wait_type read_waits = boost::asio::ip::tcp::socket::wait_read;
  boost::asio::ip::tcp::socket::wait_type write_waits = boost::asio::ip::tcp::socket::wait_write;

 private:
  boost::asio::awaitable<Result<void>> handshake(std::shared_ptr<SSL_CTX> context, bool server,
                                                 std::string host);
  bool prepare(SSL_CTX* context, bool server, const std::string& host);
  void remember_peer();
  Error tls_error(int code);

  bool broken_ = false;  // after a fatal TLS error nothing more may be sent
};

// The error of a failed socket operation, as stream.h lists them.
Error stream_error(const boost::system::error_code& error);

// Fills address, port and loopback from an endpoint; an IPv4 address mapped into IPv6 comes out as IPv4.
void describe_peer(const boost::asio::ip::tcp::endpoint& endpoint, http::Peer& peer);

}  // namespace allauth::net
