// The head of an HTTP/1.x request: request line and fields, from bytes to values. Pure code.
//
// Strict where RFC 9112 lets a server choose, because whatever two parsers read differently can
// smuggle a request past one of them: bare CR or LF (§2.2), whitespace before the colon (§5.1),
// obs-fold (§5.2), Content-Length together with Transfer-Encoding, more than one Content-Length,
// any transfer coding but a single "chunked" (§6), a missing or repeated Host (§3.2), control
// characters anywhere, '#' or bytes above 0x7E in the target: each is an error, none is repaired.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "codec/http.h"
#include "net/http_limits.h"

namespace allauth::net {

struct RequestHead {
  http::Request request;      // method, path, query, headers; the rest is left empty
  int minor = 1;              // of HTTP/1.x: 0 or 1
  bool keep_alive = true;     // what the client asked for (RFC 9112 §9.3)
  bool head_request = false;  // the answer has no body
  bool expect_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 also when there is no such field

  bool has_body() const { return chunked || content_length > 0; }
};

// Finds the end of a head in a buffer that grows, looking at each byte once. Refuses early what
// could never become a head: a bare LF, a line of the wrong length, bytes of another protocol.
class HeadScanner {
 public:
  // `buffer` is all that came since the last reset. The length of the head once it is complete
  // (empty lines before it, at most two, included: RFC 9112 §2.2), 0 until then.
  Result<std::size_t> find(std::string_view buffer, const HttpLimits& limits);
  // Where in the buffer the request line begins.
  std::size_t start() const { return start_; }
  void reset() { *this = HeadScanner(); }

 private:
  std::size_t start_ = 0;
  std::size_t line_ = 0;  // where the line begins that is looked at
  std::size_t next_ = 0;  // first byte not looked at yet
};

// Parses a complete head: from the request line to the empty line, both included.
// Errors are those of the table in net/http_problem.h.
Result<RequestHead> parse_head(std::string_view head, const HttpLimits& limits);

struct FieldLine {
  std::string_view name;
  std::string_view value;  // without the whitespace around it
};
// One field line without its CRLF; also used for trailers.
Result<FieldLine> parse_field_line(std::string_view line);

// Would these be well-formed in a response? Guards against splitting it (CR, LF) from a handler.
bool is_field_name(std::string_view);
bool is_field_value(std::string_view);

}  // namespace allauth::net
