#include <string>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "net/deadlines.h"
#include "net/io.h"
#include "net/stream.h"
#include "net/stream_impl.h"
#include "net/tls.h"

namespace allauth::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How far it came, so that a failure or timeout can say so.
struct Progress {
  bool expired = false;
  Reason step = "net.resolve";
};

std::unexpected<Error> dial_failed(const Dial& target, const Progress& progress, std::string cause) {
  if (progress.expired)
    return fail(Code::unavailable, "net.timeout",
                fmt::format("{}:{} did not answer in time.", target.host, target.port), {},
                std::string(progress.step.slug()));
  return fail(Code::unavailable, progress.step,
              fmt::format("{}:{} cannot be reached.", target.host, target.port), {}, std::move(cause));
}

}  // namespace

asio::awaitable<Result<Stream>> dial(IoPool& pool, std::size_t loop, Dial target) {
  auto impl = std::make_unique<Stream::Impl>(pool.context(loop), loop);
  tcp::resolver resolver(pool.context(loop));
  Progress progress;
  Deadline deadline(pool, loop, [&resolver, &progress, socket = &impl->socket] {
    boost::system::error_code ignored;
    progress.expired = true;
    resolver.cancel();
    socket->close(ignored);
  });
  deadline.set(pool.clock().tick() + target.timeout);

  constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
  // A numeric address does not have to go through the resolver's thread.
  boost::system::error_code unresolved;
  const auto address = asio::ip::make_address(target.host, unresolved);
  tcp::resolver::results_type endpoints;
  if (!unresolved)
    endpoints = tcp::resolver::results_type::create(tcp::endpoint(address, target.port), target.host, {});
  else
    std::tie(unresolved, endpoints) =
        co_await resolver.async_resolve(target.host, std::to_string(target.port), kAwait);
  if (unresolved || progress.expired) co_return dial_failed(target, progress, unresolved.message());

  progress.step = "net.connect";
  boost::system::error_code refused;
  for (const auto& entry : endpoints) {
    boost::system::error_code ignored;
    impl->socket.close(ignored);
    const auto [error] = co_await impl->socket.async_connect(entry.endpoint(), kAwait);
    refused = error;
    if (!error || progress.expired) break;
  }
  if (refused || progress.expired) co_return dial_failed(target, progress, refused.message());

  boost::system::error_code ignored;
  impl->socket.set_option(tcp::no_delay(true), ignored);
  describe_peer(impl->socket.remote_endpoint(ignored), impl->peer);
  if (target.tls) {
    progress.step = "net.tls";
    auto done = co_await impl->handshake_client(target.tls->context(), target.host);
    if (!done || progress.expired) co_return dial_failed(target, progress, done ? "" : done.error().detail);
  }
  deadline.clear();
  co_return Stream(std::move(impl));
}

}  // namespace allauth::net
