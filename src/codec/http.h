// HTTP requests and responses as plain values: what a face (a set of routes) takes and gives,
// whatever transport carried it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/pipe.h"

namespace allauth::http {

struct Header {
  std::string name;  // as sent; what looks for one ignores case
  std::string value;
};
using Headers = std::vector<Header>;

// Who asks: the other end of the connection, or whom a trusted proxy there says that it asks for
// (codec/forwarded.h).
struct Peer {
  std::string address;  // textual IP address, or "unix"
  std::uint16_t port = 0;
  bool loopback = false;
  bool tls = false;
  std::string certificate_der;  // verified client certificate; empty when none was given
  std::string via;              // the trusted proxy that passed the request on; empty: nobody did
  bool trusted = false;         // from a network whose callers the listener trusts
};

struct Request {
  std::string method;  // "GET"
  std::string path;    // the target before '?', raw: still percent-encoded
  std::string query;   // the target after '?', raw; empty when there is none
  Headers headers;
  std::string body;
  Peer peer;
  Tick deadline{};  // when the client is no longer waited for
  // The prefix that was cut off the path because the face is mounted there ("/supermq"); empty at the root.
  // What leads back to the face, such as Location, must begin with it.
  std::string mount;
  // True once the client has closed its connection, as far as the transport looks; null: it does not look.
  std::shared_ptr<const std::atomic<bool>> gone;
};

struct Response {
  int status = 200;
  Headers headers;  // without Content-Length, Connection and Date, which the transport adds
  std::string body;
  // Where the body comes from instead, if it is made over time: what is written to the other end of this
  // pipe goes out as it comes, until that end is ended or the server stops. The connection closes then.
  std::shared_ptr<PipeReader> stream;
};

// Answers one request, exactly once, from any thread. Destroying it unanswered answers 500.
using Responder = std::move_only_function<void(Response)>;

// Called on an I/O thread and must not block; a long answer comes later through the responder.
// Must be callable from several threads at once. The request is the face's own from then on; a face that
// only looks at it hands on the same one.
using Face = std::function<void(Request&&, Responder)>;

// The status that an error of this code is answered with, where nothing more exact is known.
int status_of(Code code);

// Whether both are the same but for the case of ASCII letters, as names of headers are (RFC 9110 §5.1).
bool same_ignoring_case(std::string_view a, std::string_view b);

// The value of the first header of that name, ignoring case; nothing if there is none.
std::optional<std::string_view> find_header(const Headers&, std::string_view name);
// How many headers have that name, ignoring case.
std::size_t count_headers(const Headers&, std::string_view name);

// True if a comma-separated header value holds `token`, ignoring case (RFC 9110 §5.6.1).
bool has_token(std::string_view value, std::string_view token);

// Percent-decodes one path segment or query value (RFC 3986 §2.1); '+' stays '+'.
// Nothing if an escape is broken, or if the result holds NUL or is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);

// The pairs of a query string "a=1&b=two+words", decoded as those of a form; nothing if one is broken.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace allauth::http
