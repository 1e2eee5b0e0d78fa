#include "net/stream.h"

#include <cerrno>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <poll.h>
#include <sys/socket.h>

#include "net/stream_impl.h"

namespace allauth::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

std::unexpected<Error> gone() {
  return fail(Code::unavailable, "net.closed", "The connection was closed on this side.");
}

Result<std::size_t> send_now(int descriptor, std::string_view first, std::string_view second) {
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = second.empty() ? 1 : 2;
  const auto n = ::sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  return fail(stream_error(boost::system::error_code(errno, boost::system::system_category())));
}

// Drops `n` bytes from the front of both together.
void advance(std::string_view& first, std::string_view& second, std::size_t n) {
  const auto from_first = std::min(n, first.size());
  first.remove_prefix(from_first);
  second.remove_prefix(n - from_first);
}

}  // namespace

Error stream_error(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted)
    return Error{.code = Code::unavailable, .reason = "net.cancelled", .message = "The wait was cancelled."};
  return Error{.code = Code::unavailable,
               .reason = "net.closed",
               .message = "The connection is gone.",
               .detail = error.message()};
}

void describe_peer(const tcp::endpoint& endpoint, http::Peer& peer) {
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  peer.address = address.to_string();
  peer.port = endpoint.port();
  peer.loopback = address.is_loopback();
}

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

asio::awaitable<Result<std::size_t>> Stream::read_some(std::span<char> into) {
  if (!is_open()) co_return gone();
  if (!impl_->ssl) {
    const auto [error, n] =
        co_await impl_->socket.async_read_some(asio::buffer(into.data(), into.size()), kAwait);
    if (error == asio::error::eof) co_return 0;
    if (error) co_return fail(stream_error(error));
    co_return n;
  }
  for (;;) {
    if (auto done = impl_->try_read_tls(into)) co_return std::move(*done);
    if (auto waited = co_await impl_->wait(impl_->read_waits); !waited)
      co_return fail(std::move(waited.error()));
  }
}

asio::awaitable<Result<void>> Stream::readable() {
  if (!is_open()) co_return gone();
  if (impl_->ssl && SSL_has_pending(impl_->ssl.get()) != 0) co_return Result<void>();
  co_return co_await impl_->wait(tcp::socket::wait_read);
}

Result<std::size_t> Stream::try_write(std::string_view first, std::string_view second) {
  if (!is_open()) return gone();
  if (!impl_->ssl) return send_now(impl_->socket.native_handle(), first, second);
  std::size_t written = 0;
  while (!first.empty() || !second.empty()) {
    auto done = impl_->try_write_tls(first.empty() ? second : first);
    if (!done) break;
    TRY(const auto n, std::move(*done));
    advance(first, second, n);
    written += n;
  }
  return written;
}

asio::awaitable<Result<void>> Stream::write(std::string_view first, std::string_view second) {
  for (;;) {
    auto written = try_write(first, second);
    if (!written) co_return fail(std::move(written.error()));
    advance(first, second, *written);
    if (first.empty() && second.empty()) co_return Result<void>();
    if (auto waited = co_await impl_->wait(impl_->write_waits); !waited)
      co_return fail(std::move(waited.error()));
  }
}

void Stream::shutdown() {
  if (is_open()) impl_->shut();
}

void Stream::cancel() {
  boost::system::error_code ignored;
  if (is_open()) impl_->socket.cancel(ignored);
}

void Stream::close() {
  if (impl_) impl_->close(false);
}

void Stream::abort() {
  if (impl_) impl_->close(true);
}

bool Stream::is_open() const { return impl_ && impl_->socket.is_open(); }

bool Stream::peer_has_ended() const {
  if (!is_open()) return true;
  pollfd asked{.fd = impl_->socket.native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

const http::Peer& Stream::peer() const { return impl_->peer; }
std::string_view Stream::alpn() const { return impl_->alpn; }
std::size_t Stream::loop() const { return impl_->loop; }

}  // namespace allauth::net
