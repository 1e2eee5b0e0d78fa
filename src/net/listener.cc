#include "net/listener.h"

#include <set>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "net/acceptor.h"
#include "net/admission.h"
#include "net/deadlines.h"
#include "net/io.h"
#include "net/spawn.h"
#include "net/stream_impl.h"
#include "net/tls.h"

namespace allauth::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Makes a Stream's inside of an accepted socket, on the loop that will own it.
std::unique_ptr<Stream::Impl> adopt(Accepted accepted, IoPool& pool, std::size_t loop) {
  auto stream = std::make_unique<Stream::Impl>(pool.context(loop), loop);
  boost::system::error_code error;
  stream->socket.assign(accepted.from().protocol(), accepted.fd(), error);
  if (error) return nullptr;
  accepted.release();
  stream->socket.set_option(tcp::no_delay(true), error);
  describe_peer(accepted.from(), stream->peer);
  stream->lease = accepted.take_lease();
  return stream;
}

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Impl> {
  Impl(IoPool& p, ListenerOptions o, Handler h)
      : pool(p),
        options(std::move(o)),
        handler(std::move(h)),
        admission(std::make_shared<Admission>(options, p.metrics())),
        handshakes(p.size()) {}

  void take(Accepted accepted);

  IoPool& pool;
  const ListenerOptions options;
  const Handler handler;
  const std::shared_ptr<Admission> admission;
  std::unique_ptr<Acceptor> acceptor;
  std::atomic<bool> closing{false};
  std::size_t turn = 0;                             // loop 0 only: who gets the next connection
  std::vector<std::set<Stream::Impl*>> handshakes;  // per loop, and only on it
};

namespace {

using Shared = std::shared_ptr<Listener::Impl>;

asio::awaitable<bool> secure(Shared self, Stream::Impl* stream) {
  auto& pending = self->handshakes[stream->loop];
  Deadline deadline(self->pool, stream->loop, [stream] { stream->close(true); });
  deadline.set(self->pool.clock().tick() + self->options.handshake_timeout);
  pending.insert(stream);
  const auto done = co_await stream->handshake_server(self->options.tls->context());
  pending.erase(stream);
  if (done) co_return true;
  self->admission->refused(Admission::Cause::tls);
  if (self->pool.log().enabled(LogLevel::debug))
    self->pool.log().debug(
        "TLS handshake failed",
        {{"listener", self->options.name}, {"peer", stream->peer.address}, {"cause", done.error().detail}});
  co_return false;
}

asio::awaitable<void> serve(Shared self, Accepted accepted, std::size_t loop) {
  auto stream = adopt(std::move(accepted), self->pool, loop);
  if (!stream) co_return;
  if (self->closing.load()) {
    self->admission->refused(Admission::Cause::closing);
    co_return;
  }
  if (self->options.tls) {
    const bool ok = co_await secure(self, stream.get());
    if (!ok) co_return;
  }
  Stream ready(std::move(stream));
  // The listener's own state is let go: only the connection lives on.
  const auto handler = self->handler;
  self.reset();
  co_await handler(std::move(ready));
}

}  // namespace

void Listener::Impl::take(Accepted accepted) {
  const std::size_t loop = turn++ % pool.size();
  spawn(pool, loop, serve(shared_from_this(), std::move(accepted), loop));
}

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() { close(); }

Result<std::unique_ptr<Listener>> Listener::start(IoPool& pool, ListenerOptions options, Handler handler) {
  auto impl = std::make_shared<Impl>(pool, std::move(options), std::move(handler));
  const auto take = [weak = std::weak_ptr(impl)](Accepted accepted) {
    if (const auto self = weak.lock()) self->take(std::move(accepted));
  };
  TRY(impl->acceptor, Acceptor::start(pool, impl->options, impl->admission, take));
  return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

std::uint16_t Listener::port() const { return impl_->acceptor->port(); }
std::size_t Listener::open() const { return impl_->admission->open(); }

void Listener::close() {
  if (impl_->closing.exchange(true)) return;
  impl_->acceptor->close();
  for (std::size_t loop = 0; loop < impl_->pool.size(); ++loop)
    impl_->pool.post(loop, [impl = impl_, loop] {
      for (auto* stream : impl->handshakes[loop]) stream->close(true);
    });
}

}  // namespace allauth::net
