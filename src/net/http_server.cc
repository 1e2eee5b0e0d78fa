#include "net/http_server.h"

#include <utility>

#include <fmt/format.h>

#include "net/http_connection.h"
#include "net/http_state.h"

namespace allauth::net {
namespace {

// How long closing sockets may take once everything was told to end.
constexpr Millis kKillGrace{5'000};

std::string label(const std::string& name) { return fmt::format("listener=\"{}\"", name); }

boost::asio::awaitable<void> serve(std::shared_ptr<HttpServer::State> state, Stream stream) {
  HttpConnection connection(std::move(state), std::move(stream));
  co_await connection.run();
}

template <class Fn>
void on_all_connections(const std::shared_ptr<HttpServer::State>& state, Fn fn) {
  for (std::size_t loop = 0; loop < state->pool.size(); ++loop)
    state->pool.post(loop, [state, loop, fn] {
      for (auto* connection : state->loops[loop].connections) fn(*connection);
    });
}

}  // namespace

HttpServer::State::State(IoPool& p, const std::string& name, HttpLimits l, http::Face f)
    : pool(p),
      limits(l),
      face(std::move(f)),
      latency(p.metrics().latency("allauth_net_request_seconds", "From a request's last byte to its answer",
                                  label(name))),
      in_flight(
          p.metrics().gauge("allauth_net_requests_in_flight", "Requests not answered yet", label(name))),
      protocol_errors(p.metrics().counter("allauth_net_protocol_errors_total",
                                          "Requests refused by the transport", label(name))),
      loops(p.size()) {
  for (std::size_t i = 0; i < responses.size(); ++i)
    responses[i] = &p.metrics().counter("allauth_net_requests_total", "Requests answered",
                                        fmt::format("listener=\"{}\",class=\"{}xx\"", name, i + 1));
}

void HttpServer::State::enter(std::size_t loop, HttpConnection& connection) {
  loops[loop].connections.insert(&connection);
  std::lock_guard lock(mutex);
  ++connections;
}

void HttpServer::State::leave(std::size_t loop, HttpConnection& connection) {
  loops[loop].connections.erase(&connection);
  std::lock_guard lock(mutex);
  if (--connections == 0) gone.notify_all();
}

const std::string& HttpServer::State::date(std::size_t loop) {
  auto& mine = loops[loop];
  const auto second = std::chrono::floor<Seconds>(pool.clock().now());
  if (mine.date.empty() || mine.dated != second) {
    mine.dated = second;
    mine.date = http_date(second);
  }
  return mine.date;
}

void HttpServer::State::count_response(int status) {
  if (status >= 100 && status < 600) responses[static_cast<std::size_t>(status / 100 - 1)]->add();
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(IoPool& pool, ListenerOptions options,
                                                      HttpLimits limits, http::Face face) {
  auto state = std::make_shared<State>(pool, options.name, limits, std::move(face));
  TRY(state->listener, Listener::start(pool, std::move(options),
                                       [state](Stream stream) { return serve(state, std::move(stream)); }));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  drain(Millis(0));
  // The listener's handler holds the state, the state the listener.
  state_->listener.reset();
}

std::uint16_t HttpServer::port() const { return state_->listener->port(); }

std::size_t HttpServer::connections() const {
  std::lock_guard lock(state_->mutex);
  return state_->connections;
}

std::size_t HttpServer::in_flight() const { return static_cast<std::size_t>(state_->in_flight.value()); }

std::size_t HttpServer::drain(Millis grace) {
  state_->draining = true;
  state_->listener->close();
  if (!state_->pool.running()) return 0;
  on_all_connections(state_, [](HttpConnection& connection) { connection.close_if_idle(); });
  const auto none_left = [this] { return state_->connections == 0; };
  std::unique_lock lock(state_->mutex);
  state_->gone.wait_for(lock, grace, none_left);
  const std::size_t cut = state_->connections;
  if (cut == 0) return 0;
  lock.unlock();
  on_all_connections(state_, [](HttpConnection& connection) { connection.kill(); });
  lock.lock();
  if (!state_->gone.wait_for(lock, kKillGrace, none_left))
    state_->pool.log().error("connections do not end", {{"left", state_->connections}});
  return cut;
}

}  // namespace allauth::net
