#include "net/acceptor.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "net/admission.h"
#include "net/io.h"
#include "net/spawn.h"
#include "net/tls.h"

namespace allauth::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr int kAcceptsPerTurn = 64;
constexpr Millis kPauseWithoutDescriptors{100};

std::unexpected<Error> cannot_bind(const ListenerOptions& options, const boost::system::error_code& error) {
  return fail(Code::unavailable, "listener.bind",
              fmt::format("Listener \"{}\" cannot bind {}:{}.", options.name, options.address, options.port),
              {}, error.message());
}

Result<tcp::endpoint> parse_endpoint(const ListenerOptions& options) {
  boost::system::error_code error;
  const auto address =
      asio::ip::make_address(options.address == "localhost" ? "127.0.0.1" : options.address, error);
  if (error)
    return fail(Code::invalid, "listener.address.invalid",
                fmt::format("Listener \"{}\": \"{}\" is not an IP address.", options.name, options.address));
  if (!options.tls && !options.allow_plaintext && !address.is_loopback())
    return fail(
        Code::invalid, "listener.plaintext",
        fmt::format("Listener \"{}\" would speak clear text on {}, which is not a loopback address: give it "
                    "TLS or set allow_plaintext.",
                    options.name, options.address));
  return tcp::endpoint(address, options.port);
}

Result<tcp::acceptor> bind(asio::io_context& context, const tcp::endpoint& endpoint,
                           const ListenerOptions& options) {
  tcp::acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(options.backlog, error);
  if (!error) acceptor.native_non_blocking(true, error);
  if (error) return cannot_bind(options, error);
  return acceptor;
}

}  // namespace

Accepted::Accepted(Accepted&& other) noexcept
    : fd_(other.release()), from_(std::move(other.from_)), lease_(std::move(other.lease_)) {}

Accepted::~Accepted() {
  if (fd_ >= 0) ::close(fd_);
}

int Accepted::release() { return std::exchange(fd_, -1); }

std::uint64_t source_of(const asio::ip::address& address) {
  if (address.is_v4()) return 0xFFFF'0000'0000ULL | address.to_v4().to_uint();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return source_of(asio::ip::make_address_v4(asio::ip::v4_mapped, v6));
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < 8; ++i) prefix = prefix << 8 | v6.to_bytes()[i];
  return prefix;
}

struct Acceptor::Impl : std::enable_shared_from_this<Impl> {
  Impl(IoPool& p, const ListenerOptions& o, std::shared_ptr<Admission> a, Handler h)
      : pool(p), options(o), admission(std::move(a)), handler(std::move(h)) {}

  void accept_some(tcp::acceptor& from);
  void check_tls();

  IoPool& pool;
  const ListenerOptions options;
  const std::shared_ptr<Admission> admission;
  const Handler handler;
  std::uint16_t port = 0;
  std::atomic<bool> closing{false};
  tcp::acceptor* acceptor = nullptr;    // loop 0 only; owned by the accepting coroutine
  asio::steady_timer* pause = nullptr;  // likewise
  bool out_of_descriptors = false;      // likewise
};

namespace {

using Shared = std::shared_ptr<Acceptor::Impl>;

// Owns the acceptor, so that it goes with the loop that it belongs to.
asio::awaitable<void> accept_all(Shared self, std::shared_ptr<tcp::acceptor> acceptor) {
  asio::steady_timer pause(self->pool.context(0));
  self->acceptor = acceptor.get();
  self->pause = &pause;
  while (!self->closing.load()) {
    const auto [error] = co_await acceptor->async_wait(tcp::acceptor::wait_read, kAwait);
    if (error || self->closing.load()) break;
    self->accept_some(*acceptor);
    if (!std::exchange(self->out_of_descriptors, false)) continue;
    pause.expires_after(kPauseWithoutDescriptors);
    co_await pause.async_wait(kAwait);
  }
  self->acceptor = nullptr;
  self->pause = nullptr;
}

asio::awaitable<void> watch_files(Shared self) {
  asio::steady_timer timer(self->pool.context(0));
  const std::weak_ptr<Acceptor::Impl> watched = self;
  const auto interval = self->options.tls_check;
  while (self && !self->closing.load()) {
    self.reset();
    timer.expires_after(interval);
    co_await timer.async_wait(kAwait);
    self = watched.lock();
    if (self) self->check_tls();
  }
}

}  // namespace

void Acceptor::Impl::check_tls() {
  const auto changed = options.tls->reload_if_changed();
  if (!changed)
    pool.log().error("changed TLS files are not usable, the old ones stay in use", changed.error());
  else if (*changed)
    pool.log().info("TLS files reloaded", {{"listener", options.name}});
}

void Acceptor::Impl::accept_some(tcp::acceptor& from) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    const int fd = ::accept4(from.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      peer.resize(size);
      Accepted accepted(fd, peer, admission->admit(source_of(peer.address())));
      if (accepted.admitted()) handler(std::move(accepted));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    // EMFILE, ENFILE, ENOBUFS, ENOMEM: the client waits in the backlog until some is free again.
    out_of_descriptors = true;
    pool.log().error("cannot accept connections",
                     {{"listener", options.name}, {"cause", std::string_view(std::strerror(errno))}});
    return;
  }
}

Acceptor::Acceptor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Acceptor::~Acceptor() { close(); }

Result<std::unique_ptr<Acceptor>> Acceptor::start(IoPool& pool, const ListenerOptions& options,
                                                  std::shared_ptr<Admission> admission, Handler handler) {
  TRY(const auto endpoint, parse_endpoint(options));
  TRY(auto bound, bind(pool.context(0), endpoint, options));
  auto acceptor = std::make_shared<tcp::acceptor>(std::move(bound));
  auto impl = std::make_shared<Impl>(pool, options, std::move(admission), std::move(handler));
  impl->port = acceptor->local_endpoint().port();
  spawn(pool, 0, accept_all(impl, std::move(acceptor)));
  if (options.tls) spawn(pool, 0, watch_files(impl));
  return std::unique_ptr<Acceptor>(new Acceptor(std::move(impl)));
}

std::uint16_t Acceptor::port() const { return impl_->port; }

void Acceptor::close() {
  if (impl_->closing.exchange(true)) return;
  impl_->pool.post(0, [impl = impl_] {
    boost::system::error_code ignored;
    if (impl->acceptor) impl->acceptor->close(ignored);
    if (impl->pause) impl->pause->cancel();
  });
}

}  // namespace allauth::net
