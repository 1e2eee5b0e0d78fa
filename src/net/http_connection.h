// One HTTP connection: reads a request, has it answered, writes the answer, until either side ends.
// Only for .cc files of this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "net/deadlines.h"
#include "net/http_exchange.h"
#include "net/http_head.h"
#include "net/http_response.h"
#include "net/http_state.h"
#include "net/signal.h"
#include "net/stream.h"

namespace allauth::net {

class HttpConnection {
 public:
  HttpConnection(std::shared_ptr<HttpServer::State> state, Stream stream);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  boost::asio::awaitable<void> run();

  // Called on the loop while the server drains.
  void close_if_idle();
  void kill();

 private:
  enum class Phase { idle, head, body, answer, write, stream, linger };
  enum class Input { data, end, full };

  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<std::optional<RequestHead>> read_head();
  bool take_buffered_body(RequestHead& head);
  boost::asio::awaitable<bool> read_body(RequestHead& head);
  boost::asio::awaitable<bool> read_sized(RequestHead& head);
  boost::asio::awaitable<bool> read_chunked(RequestHead& head);
  Tick ask(RequestHead& head);
  void answered(Tick began);
  bool respond(http::Response& response, const RequestHead& head, bool keep_alive);
  boost::asio::awaitable<bool> finish_writing(const http::Response& response);
  boost::asio::awaitable<void> write_stream(PipeReader& body, bool chunked);
  boost::asio::awaitable<bool> write_piece(std::string_view piece, bool chunked);
  boost::asio::awaitable<void> refuse(Error error);
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<Input> fill();
  boost::asio::awaitable<bool> park();

  void enter(Phase phase, Millis timeout);
  void on_deadline();
  void look_for_client();
  std::string_view buffered() const { return std::string_view(in_.get() + begin_, end_ - begin_); }
  void consume(std::size_t n);
  Result<std::optional<RequestHead>> next_head();
  bool should_stop() const;

  const std::shared_ptr<HttpServer::State> state_;
  Stream stream_;
  Signal answer_;
  const std::shared_ptr<Exchange> exchange_;
  Deadline deadline_;
  Phase phase_ = Phase::head;
  bool timed_out_ = false;  // what was being read did not come in time
  bool parking_ = false;    // idle: the read was cancelled to give its buffer back
  bool killed_ = false;
  Tick idle_until_{};
  Tick answer_until_{};
  std::size_t requests_ = 0;

  std::unique_ptr<char[]> in_;  // none while parked
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  HeadScanner scanner_;
  std::string out_;  // the response's head, with a small body behind it
  std::size_t written_ = 0;
};

}  // namespace allauth::net
