#include "bench/echo.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace allauth::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

asio::awaitable<void> serve(tcp::socket socket, const std::string& answer) {
  boost::beast::flat_buffer buffer;
  for (;;) {
    http::request<http::string_body> request;
    const auto [read_error, read] = co_await http::async_read(socket, buffer, request, kTuple);
    if (read_error) co_return;
    http::response<http::string_body> response(http::status::ok, 11);
    response.set(http::field::content_type, "application/json");
    response.body() = answer;
    response.prepare_payload();
    const auto [write_error, written] = co_await http::async_write(socket, response, kTuple);
    if (write_error) co_return;
  }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, const std::string& answer) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kTuple);
    if (error) co_return;
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), answer), asio::detached);
  }
}

}  // namespace

Result<Echo> start_echo(std::string answer, int core) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto port = acceptor.local_endpoint().port();
  context.notify_fork(asio::io_context::fork_prepare);
  auto child = Child::fork(
      [&] {
        context.notify_fork(asio::io_context::fork_child);
        asio::co_spawn(context, accept(acceptor, answer), asio::detached);
        context.run();
      },
      core);
  context.notify_fork(asio::io_context::fork_parent);
  if (!child) return fail(std::move(child).error());
  return Echo{.process = *std::move(child), .port = port};
}

}  // namespace allauth::bench
