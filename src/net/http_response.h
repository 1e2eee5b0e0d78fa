// A response's head as bytes (RFC 9112 §4, §5). Pure code.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/http.h"

namespace allauth::net {

// "Not Found" for 404; "Unknown" for a status without a registered phrase.
std::string_view status_text(int status);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string http_date(Instant);

struct ResponseFraming {
  int minor = 1;              // of the request's version
  bool keep_alive = true;     // the connection stays open
  bool head_request = false;  // the body is not sent, its length is said
  bool streamed = false;      // the body's length is not known: chunked, or to the end for HTTP/1.0
  std::string_view date;      // http_date of now
};

// True if the response can be sent as it stands: a final status and well-formed header fields.
bool is_sendable(const http::Response& response);

// Appends status line, fields, Content-Length or Transfer-Encoding, Date, Connection and the empty line to
// `out`. Fields that are the transport's (Content-Length, Transfer-Encoding, Connection, Date) are left out.
// Whether response.body follows it.
bool append_response_head(std::string& out, const http::Response& response, const ResponseFraming& framing);

}  // namespace allauth::net
