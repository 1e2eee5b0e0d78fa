#include "net/http_connection.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "net/http_problem.h"

namespace allauth::net {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kFirstBuffer = 4096;
constexpr std::size_t kKeptOutput = 16 * 1024;  // a response buffer above this is given back
constexpr std::size_t kJoinBody = 8 * 1024;     // a body up to this goes out in one piece with its head
constexpr std::size_t kMaxLingerBytes = 1024 * 1024;

Error request_error(Code code, Reason reason, std::string message) {
  return Error{.code = code, .reason = reason, .message = std::move(message)};
}

Error closing_error() {
  return request_error(Code::unavailable, "http.closing", "The server is shutting down.");
}

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpServer::State> state, Stream stream)
    : state_(std::move(state)),
      stream_(std::move(stream)),
      answer_(state_->pool, stream_.loop()),
      exchange_(std::make_shared<Exchange>(state_->pool, stream_.loop(), answer_)),
      deadline_(state_->pool, stream_.loop(), [this] { on_deadline(); }) {
  state_->enter(stream_.loop(), *this);
}

HttpConnection::~HttpConnection() {
  exchange_->disconnect();
  stream_.close();
  state_->leave(stream_.loop(), *this);
}

void HttpConnection::enter(Phase phase, Millis timeout) {
  phase_ = phase;
  deadline_.set(state_->pool.clock().tick() + timeout);
}

bool HttpConnection::should_stop() const {
  return killed_ || state_->draining.load(std::memory_order_relaxed);
}

void HttpConnection::on_deadline() {
  switch (phase_) {
    case Phase::idle:
      if (in_ && !parking_ && deadline_.at() < idle_until_) {
        parking_ = true;
        deadline_.set(idle_until_);
        stream_.cancel();
      } else {
        stream_.close();
      }
      return;
    case Phase::head:
    case Phase::body:
      timed_out_ = true;
      stream_.cancel();
      return;
    case Phase::answer:
      if (deadline_.at() < answer_until_) return look_for_client();
      exchange_->cancel(make_problem(
          request_error(Code::unavailable, "http.answer.timeout", "The request took too long to answer.")));
      return;
    case Phase::write:
      killed_ = true;
      stream_.abort();
      return;
    case Phase::stream:
      return;
    case Phase::linger:
      stream_.close();
      return;
  }
}

// While it waits for an answer. One that has only ended its sending side gets the answer all the same.
void HttpConnection::look_for_client() {
  const bool gone = stream_.peer_has_ended();
  if (gone) exchange_->give_up();
  const Tick next = deadline_.at() + state_->limits.look_for_client;
  deadline_.set(gone ? answer_until_ : std::min(next, answer_until_));
}

void HttpConnection::close_if_idle() {
  if (phase_ == Phase::idle || phase_ == Phase::linger || (phase_ == Phase::head && buffered().empty()))
    stream_.close();
  if (phase_ == Phase::stream) answer_.set();
}

void HttpConnection::kill() {
  killed_ = true;
  stream_.abort();
  if (phase_ == Phase::answer) exchange_->cancel(make_problem(closing_error()));
  if (phase_ == Phase::stream) answer_.set();
}

void HttpConnection::consume(std::size_t n) {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

asio::awaitable<void> HttpConnection::run() {
  // A connection that was just opened is expected to speak at once.
  enter(Phase::head, state_->limits.head_timeout);
  if (should_stop()) co_return;
  while (co_await serve_one()) {
  }
  if (stream_.is_open() && !killed_) co_await linger();
}

asio::awaitable<bool> HttpConnection::serve_one() {
  auto head = co_await read_head();
  if (!head) co_return false;
  ++requests_;
  if (head->has_body() && !take_buffered_body(*head)) {
    const bool whole = co_await read_body(*head);
    if (!whole) co_return false;
  }
  const auto began = ask(*head);
  auto response = exchange_->expect();
  while (!response) {
    co_await answer_.wait();
    response = exchange_->expect();
  }
  answered(began);
  if (killed_) co_return false;
  const bool keep_alive =
      head->keep_alive && !response->stream && requests_ < state_->limits.requests && !should_stop();
  bool sent = respond(*response, *head, keep_alive);
  if (!sent) sent = co_await finish_writing(*response);
  if (sent && response->stream && !head->head_request)
    co_await write_stream(*response->stream, head->minor > 0);
  if (!sent || !keep_alive) co_return false;
  phase_ = Phase::idle;
  co_return !should_stop();
}

// The next request's head, if the buffer holds all of it.
Result<std::optional<RequestHead>> HttpConnection::next_head() {
  TRY(const auto size, scanner_.find(buffered(), state_->limits));
  if (size == 0) return std::nullopt;
  const auto start = scanner_.start();
  TRY(auto head, parse_head(buffered().substr(start, size - start), state_->limits));
  consume(size);
  scanner_.reset();
  return head;
}

asio::awaitable<std::optional<RequestHead>> HttpConnection::read_head() {
  const auto& limits = state_->limits;
  if (!buffered().empty()) {
    enter(Phase::head, limits.head_timeout);
  } else if (requests_ > 0) {
    enter(Phase::idle, std::min(limits.idle_timeout, limits.park_after));
    idle_until_ = deadline_.at() - std::min(limits.idle_timeout, limits.park_after) + limits.idle_timeout;
  }
  for (;;) {
    auto head = next_head();
    if (!head) {
      co_await refuse(std::move(head.error()));
      co_return std::nullopt;
    }
    if (*head) co_return std::move(*head);
    const bool fresh = buffered().empty();
    const auto input = co_await fill();
    if (killed_) co_return std::nullopt;
    if (timed_out_) {
      if (!fresh)
        co_await refuse(
            request_error(Code::invalid, "http.head.timeout", "The request's header did not come in time."));
      co_return std::nullopt;
    }
    if (input == Input::end && fresh) co_return std::nullopt;
    if (input == Input::end) {
      co_await refuse(
          request_error(Code::invalid, "http.request_line.invalid", "The request ends in its header."));
      co_return std::nullopt;
    }
    if (fresh && phase_ == Phase::idle) enter(Phase::head, limits.head_timeout);
  }
}

// Reads what there is behind what is buffered, making room for it.
asio::awaitable<HttpConnection::Input> HttpConnection::fill() {
  const std::size_t largest = std::max(state_->limits.head_bytes + 1, kFirstBuffer);
  if (begin_ > 0) {
    std::memmove(in_.get(), in_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) {
    const std::size_t wanted = std::min(largest, std::max(kFirstBuffer, capacity_ * 2));
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (end_ > 0) std::memcpy(larger.get(), in_.get(), end_);
    in_ = std::move(larger);
    capacity_ = wanted;
  }
  for (;;) {
    const auto n = co_await stream_.read_some(std::span(in_.get() + end_, capacity_ - end_));
    if (n && *n > 0) {
      parking_ = false;
      end_ += *n;
      co_return Input::data;
    }
    if (n || !parking_ || killed_) co_return Input::end;
    const bool woken = co_await park();
    if (!woken) co_return Input::end;
  }
}

// Waits for the next request without a buffer.
asio::awaitable<bool> HttpConnection::park() {
  in_.reset();
  capacity_ = 0;
  std::string().swap(out_);
  const auto ready = co_await stream_.readable();
  parking_ = false;
  if (!ready || killed_) co_return false;
  in_ = std::make_unique_for_overwrite<char[]>(kFirstBuffer);
  capacity_ = kFirstBuffer;
  co_return true;
}

// Hands the request to the face; when that was.
Tick HttpConnection::ask(RequestHead& head) {
  const auto began = state_->pool.clock().tick();
  phase_ = Phase::answer;
  answer_until_ = began + state_->limits.answer_timeout;
  deadline_.set(std::min(began + state_->limits.look_for_client, answer_until_));
  head.request.peer = stream_.peer();
  head.request.deadline = answer_until_;
  head.request.gone = exchange_->gone();
  state_->in_flight.add(1);
  try {
    state_->face(std::move(head.request), exchange_->begin());
  } catch (...) {
    // The responder is gone by now, and has answered 500 if nothing else.
    state_->pool.failed(std::current_exception());
  }
  std::string().swap(head.request.body);  // the answer may take long
  return began;
}

void HttpConnection::answered(Tick began) {
  state_->in_flight.add(-1);
  const auto now = state_->pool.clock().tick();
  state_->latency.observe(std::chrono::duration<double>(now - began).count());
  phase_ = Phase::write;
  deadline_.set(now + state_->limits.write_timeout);
}

// Writes the response as far as it goes at once; true if that was all of it. Else finish_writing
// goes on where it ended.
bool HttpConnection::respond(http::Response& response, const RequestHead& head, bool keep_alive) {
  if (!is_sendable(response)) {
    state_->pool.log().error("a handler gave a response that cannot be sent", {{"status", response.status}});
    response = make_problem(request_error(Code::bug, "http.answer.invalid", "The answer could not be sent."));
  }
  state_->count_response(response.status);
  out_.clear();
  const ResponseFraming framing{.minor = head.minor,
                                .keep_alive = keep_alive,
                                .head_request = head.head_request,
                                .streamed = response.stream != nullptr,
                                .date = state_->date(stream_.loop())};
  const bool with_body = append_response_head(out_, response, framing);
  if (!with_body) response.body.clear();
  if (response.body.size() <= kJoinBody) {
    out_ += response.body;
    response.body.clear();
  }
  const auto written = stream_.try_write(out_, response.body);
  written_ = written ? *written : 0;
  return written_ == out_.size() + response.body.size();
}

asio::awaitable<bool> HttpConnection::finish_writing(const http::Response& response) {
  const auto first = std::min(written_, out_.size());
  const auto sent = co_await stream_.write(std::string_view(out_).substr(first),
                                           std::string_view(response.body).substr(written_ - first));
  if (out_.capacity() > kKeptOutput) std::string().swap(out_);
  co_return sent.has_value() && !killed_;
}

// Hands on what comes, as it comes, until it ends or the server stops. A peer that takes too long for a
// piece is cut off; that nothing comes is no reason to.
asio::awaitable<void> HttpConnection::write_stream(PipeReader& body, bool chunked) {
  body.on_ready([exchange = exchange_] { exchange->wake(); });
  for (bool last = false; !last && !should_stop();) {
    const auto taken = body.take();
    last = taken.last;
    if (!taken.bytes.empty()) {
      enter(Phase::write, state_->limits.write_timeout);
      const bool sent = co_await write_piece(taken.bytes, chunked);
      if (!sent) co_return;
    } else if (!last) {
      phase_ = Phase::stream;
      deadline_.clear();
      co_await answer_.wait();
    }
  }
  enter(Phase::write, state_->limits.write_timeout);
  if (chunked && !killed_) co_await stream_.write("0\r\n\r\n");
}

asio::awaitable<bool> HttpConnection::write_piece(std::string_view piece, bool chunked) {
  out_.clear();
  if (chunked) out_ = fmt::format("{:x}\r\n", piece.size());
  auto sent = co_await stream_.write(out_, piece);
  if (sent && chunked) sent = co_await stream_.write("\r\n");
  co_return sent.has_value() && !killed_;
}

asio::awaitable<void> HttpConnection::refuse(Error error) {
  state_->protocol_errors.add();
  timed_out_ = false;
  enter(Phase::write, state_->limits.write_timeout);
  auto response = make_problem(error);
  if (!respond(response, RequestHead(), false)) co_await finish_writing(response);
}

// Ends the sending side and drops what still comes, so that the peer can read our answer: closing
// with unread input would reset the connection (RFC 9112 §9.6).
asio::awaitable<void> HttpConnection::linger() {
  enter(Phase::linger, state_->limits.linger);
  stream_.shutdown();
  begin_ = end_ = 0;
  std::size_t dropped = 0;
  while (dropped < kMaxLingerBytes) {
    const auto input = co_await fill();
    if (input == Input::end) co_return;
    dropped += end_;
    begin_ = end_ = 0;
  }
}

}  // namespace allauth::net
