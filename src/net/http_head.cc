#include "net/http_head.h"

#include <cstring>
#include <string>
#include <utility>

#include "base/text.h"
#include "net/http_chars.h"

namespace allauth::net {
namespace {

constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxEmptyLines = 2;

std::unexpected<Error> bad(Reason reason, std::string message, std::string field = {}) {
  return fail(Code::invalid, reason, std::move(message), std::move(field));
}

bool same(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// What the fields say about framing and the connection, gathered while they are read.
struct Framing {
  std::optional<std::uint64_t> content_length;
  bool transfer_encoding = false;
  bool host = false;
  bool close = false;
  bool keep_alive = false;
  bool expect = false;
};

Result<void> on_content_length(Framing& framing, std::string_view value) {
  if (framing.content_length)
    return bad("http.content_length.repeated", "Content-Length was given more than once.", "Content-Length");
  framing.content_length = parse_u64(value);
  if (!framing.content_length)
    return bad("http.content_length.invalid", "Content-Length must be one decimal number.", "Content-Length");
  return {};
}

Result<void> on_transfer_encoding(Framing& framing, std::string_view value) {
  if (framing.transfer_encoding || !same(value, "chunked"))
    return bad("http.transfer_encoding.invalid",
               "The only transfer coding understood is a single \"chunked\".", "Transfer-Encoding");
  framing.transfer_encoding = true;
  return {};
}

Result<void> on_host(Framing& framing, std::string_view value) {
  if (framing.host) return bad("http.host.repeated", "Host was given more than once.", "Host");
  if (!all_class(value, kHost)) return bad("http.host.invalid", "Host must be a host name and port.", "Host");
  framing.host = true;
  return {};
}

void on_connection(Framing& framing, std::string_view value) {
  for (auto piece : split(value, ',')) {
    piece = trim(piece);
    if (same(piece, "close")) framing.close = true;
    if (same(piece, "keep-alive")) framing.keep_alive = true;
  }
}

Result<void> on_expect(Framing& framing, std::string_view value) {
  if (!same(value, "100-continue"))
    return bad("http.expectation.unknown", "The only expectation understood is 100-continue.", "Expect");
  framing.expect = true;
  return {};
}

Result<void> note(Framing& framing, const FieldLine& field) {
  switch (field.name.size()) {
    case 4:
      if (same(field.name, "host")) return on_host(framing, field.value);
      break;
    case 6:
      if (same(field.name, "expect")) return on_expect(framing, field.value);
      break;
    case 10:
      if (same(field.name, "connection")) on_connection(framing, field.value);
      break;
    case 14:
      if (same(field.name, "content-length")) return on_content_length(framing, field.value);
      break;
    case 17:
      if (same(field.name, "transfer-encoding")) return on_transfer_encoding(framing, field.value);
      break;
    default:  // no other length matters to the framing
      break;
  }
  return {};
}

// "HTTP/1.0" or "HTTP/1.1", exactly (RFC 9112 §2.3).
Result<int> parse_version(std::string_view text) {
  const bool shaped = text.size() == 8 && text.starts_with("HTTP/") && text[5] >= '0' && text[5] <= '9' &&
                      text[6] == '.' && text[7] >= '0' && text[7] <= '9';
  if (!shaped)
    return bad("http.request_line.invalid", "The request line must be \"method target HTTP/1.1\".");
  if (text[5] != '1' || text[7] > '1')
    return fail(Code::unsupported, "http.version.unsupported", "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
  return text[7] - '0';
}

// Splits an origin-form target; `authority` is that of an absolute-form one, else empty.
struct Target {
  std::string_view authority;
  std::string_view path;
  std::string_view query;
};

Result<Target> parse_absolute(std::string_view target) {
  const auto colon = target.find("://");
  const auto scheme = target.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (!same(scheme, "http") && !same(scheme, "https"))
    return bad("http.target.invalid", "The request target must be a path or an http URI.");
  target.remove_prefix(colon + 3);
  const auto end = std::min(target.find_first_of("/?"), target.size());
  Target result{.authority = target.substr(0, end), .path = target.substr(end), .query = {}};
  // User information is refused: it serves to disguise the host (RFC 9110 §4.2.4).
  if (result.authority.empty() || !all_class(result.authority, kHost))
    return bad("http.target.invalid", "The authority in the request target is not a host name and port.");
  return result;
}

Result<Target> parse_target(std::string_view method, std::string_view text) {
  if (!all_class(text, kTarget) || text.empty())
    return bad("http.target.invalid", "The request target holds a character that a URI cannot hold.");
  Target target{.authority = {}, .path = text, .query = {}};
  if (text == "*") {
    if (method != "OPTIONS") return bad("http.target.invalid", "The target \"*\" is for OPTIONS only.");
    return target;
  }
  if (text[0] != '/') {
    TRY(target, parse_absolute(text));
  }
  const auto mark = target.path.find('?');
  if (mark != std::string_view::npos) {
    target.query = target.path.substr(mark + 1);
    target.path = target.path.substr(0, mark);
  }
  if (target.path.empty()) target.path = "/";
  return target;
}

Result<Target> parse_request_line(std::string_view line, const HttpLimits& limits, RequestHead& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0)
    return bad("http.request_line.invalid", "The request line must be \"method target HTTP/1.1\".");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  if (method.size() > kMaxMethod || !all_class(method, kToken))
    return bad("http.method.invalid", "The request method must be a token of at most 32 characters.");
  if (target.size() > limits.target_bytes)
    return fail(Code::exhausted, "http.target.too_long", "The request target is too long.");
  TRY(head.minor, parse_version(line.substr(last + 1)));
  if (method == "CONNECT")
    return fail(Code::unsupported, "http.method.connect", "This server is not a tunnel.");
  if (method == "TRACE") return fail(Code::unsupported, "http.method.trace", "TRACE is not offered.");
  head.request.method = method;
  head.head_request = method == "HEAD";
  return parse_target(method, target);
}

Result<void> parse_fields(std::string_view text, const HttpLimits& limits, Framing& framing,
                          http::Headers& headers) {
  headers.reserve(std::min<std::size_t>(limits.headers, 16));
  while (text != "\r\n") {
    const auto end = text.find('\n');
    if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r')
      return bad("http.line_end.invalid", "Lines must end with CR LF.");
    TRY(const auto field, parse_field_line(text.substr(0, end - 1)));
    if (headers.size() == limits.headers)
      return fail(Code::exhausted, "http.header.too_many", "The request has too many header fields.");
    TRY(note(framing, field));
    headers.emplace_back(std::string(field.name), std::string(field.value));
    text.remove_prefix(end + 1);
  }
  return {};
}

Result<void> settle(const Framing& framing, RequestHead& head) {
  if (head.minor == 1 && !framing.host)
    return bad("http.host.missing", "An HTTP/1.1 request needs a Host field.", "Host");
  if (framing.transfer_encoding && framing.content_length)
    return bad("http.framing.ambiguous", "Content-Length and Transfer-Encoding exclude each other.");
  // HTTP/1.0 has no transfer codings: an intermediary may have passed on what it did not
  // understand (RFC 9112 §6.1).
  if (framing.transfer_encoding && head.minor == 0)
    return bad("http.transfer_encoding.invalid", "HTTP/1.0 has no Transfer-Encoding.", "Transfer-Encoding");
  head.chunked = framing.transfer_encoding;
  if (framing.content_length) head.content_length = *framing.content_length;
  head.keep_alive = !framing.close && (head.minor == 1 || framing.keep_alive);
  head.expect_continue = framing.expect && head.minor == 1;
  return {};
}

}  // namespace

bool is_field_name(std::string_view name) { return !name.empty() && all_class(name, kToken); }

bool is_field_value(std::string_view value) {
  bool good = true;
  for (const char c : value) good &= is_value_char(c);
  return good;
}

Result<FieldLine> parse_field_line(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t'))
    return bad("http.header.folded", "Header fields must not be folded over lines.");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_field_name(line.substr(0, colon)))
    return bad("http.header.invalid", "A header field must be \"name: value\" with a token as its name.");
  const auto value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) return bad("http.header.invalid", "A header value holds a control character.");
  return FieldLine{.name = line.substr(0, colon), .value = value};
}

Result<std::size_t> HeadScanner::find(std::string_view buffer, const HttpLimits& limits) {
  while (next_ < buffer.size()) {
    const auto at = buffer.find('\n', next_);
    const bool in_first = line_ == start_;
    if (in_first && line_ < buffer.size() && !is_class(buffer[line_], kToken) && buffer[line_] != '\r')
      return bad("http.request_line.invalid", "This is not the beginning of an HTTP request.");
    const auto end = at == std::string_view::npos ? buffer.size() : at + 1;
    if (in_first && end - line_ > limits.target_bytes + kMaxMethod + 12)
      return fail(Code::exhausted, "http.target.too_long", "The request target is too long.");
    if (end > limits.head_bytes)
      return fail(Code::exhausted, "http.header.too_large", "The request's header is too large.");
    next_ = end;
    if (at == std::string_view::npos) return 0;
    if (at == line_ || buffer[at - 1] != '\r')
      return bad("http.line_end.invalid", "Lines must end with CR LF.");
    const bool empty = at == line_ + 1;
    if (empty && !in_first) return end;
    line_ = end;
    if (!empty) continue;
    start_ = end;
    if (start_ > 2 * kMaxEmptyLines)
      return bad("http.request_line.invalid", "This is not the beginning of an HTTP request.");
  }
  return 0;
}

Result<RequestHead> parse_head(std::string_view head, const HttpLimits& limits) {
  if (head.size() > limits.head_bytes)
    return fail(Code::exhausted, "http.header.too_large", "The request's header is too large.");
  const auto end = head.find('\n');
  if (end == std::string_view::npos || end == 0 || head[end - 1] != '\r' || !head.ends_with("\r\n\r\n"))
    return bad("http.line_end.invalid", "Lines must end with CR LF.");
  RequestHead result;
  TRY(const auto target, parse_request_line(head.substr(0, end - 1), limits, result));
  Framing framing;
  TRY(parse_fields(head.substr(end + 1), limits, framing, result.request.headers));
  TRY(settle(framing, result));
  result.request.path = target.path;
  result.request.query = target.query;
  if (!target.authority.empty()) {
    // The authority of the target counts, whatever Host says (RFC 9112 §3.2.2).
    for (auto& header : result.request.headers)
      if (same(header.name, "host")) header.value = target.authority;
  }
  return result;
}

}  // namespace allauth::net
