// How a connection reads the body of a request.
#include <algorithm>
#include <utility>

#include "net/http_chunked.h"
#include "net/http_connection.h"

namespace allauth::net {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kFirstBodyStep = 16 * 1024;

Error body_error(Code code, Reason reason, std::string message) {
  return Error{.code = code, .reason = reason, .message = std::move(message)};
}

}  // namespace

// Most bodies come together with their heads.
bool HttpConnection::take_buffered_body(RequestHead& head) {
  if (head.chunked || head.content_length > std::min(buffered().size(), state_->limits.body_bytes))
    return false;
  const auto length = static_cast<std::size_t>(head.content_length);
  head.request.body.assign(buffered().substr(0, length));
  consume(length);
  return true;
}

asio::awaitable<bool> HttpConnection::read_body(RequestHead& head) {
  enter(Phase::body, state_->limits.body_timeout);
  if (head.content_length > state_->limits.body_bytes) {
    co_await refuse(body_error(Code::exhausted, "http.body.too_large", "The request's body is too large."));
    co_return false;
  }
  if (head.expect_continue && buffered().empty()) {
    const auto sent = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return false;
  }
  bool whole = false;
  if (head.chunked)
    whole = co_await read_chunked(head);
  else
    whole = co_await read_sized(head);
  if (whole || killed_) co_return whole && !killed_;
  if (timed_out_)
    co_await refuse(
        body_error(Code::invalid, "http.body.timeout", "The request's body did not come in time."));
  co_return false;
}

// Straight into the request's body, in steps that grow with what has come, not with what was said.
asio::awaitable<bool> HttpConnection::read_sized(RequestHead& head) {
  auto& body = head.request.body;
  const auto length = static_cast<std::size_t>(head.content_length);
  body.assign(buffered().substr(0, length));
  consume(body.size());
  while (body.size() < length) {
    const std::size_t have = body.size();
    const std::size_t step = std::min(length - have, std::max(kFirstBodyStep, have));
    body.resize_and_overwrite(have + step, [](char*, std::size_t n) { return n; });
    const auto n = co_await stream_.read_some(std::span(body.data() + have, step));
    body.resize(have + (n ? *n : 0));
    if (!n || *n == 0 || timed_out_) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> HttpConnection::read_chunked(RequestHead& head) {
  ChunkDecoder decoder(state_->limits);
  for (;;) {
    const auto taken = decoder.feed(buffered(), head.request.body);
    if (!taken) {
      co_await refuse(taken.error());
      co_return false;
    }
    consume(*taken);
    if (decoder.done()) co_return true;
    const auto input = co_await fill();
    if (input == Input::end || timed_out_) co_return false;
  }
}

}  // namespace allauth::net
