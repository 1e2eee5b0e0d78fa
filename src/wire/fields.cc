#include "wire/fields.h"

#include <algorithm>
#include <utility>

#include "base/id.h"
#include "base/text.h"
#include "codec/base64.h"
#include "wire/entity_tags.h"

namespace allauth::wire {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::size_t kMaxIdempotencyKey = 64;

// How well a media range fits a type: 0 not at all, 3 exactly.
int fit(std::string_view range, std::string_view type) {
  if (range == type) return 3;
  const auto slash = type.find('/') + 1;
  if (range.size() == slash + 1 && range.ends_with("/*") && range.substr(0, slash) == type.substr(0, slash))
    return 2;
  return range == "*/*" ? 1 : 0;
}

// A weight is "0", "0.5", "1.000"; zero, however written, means "not this" (RFC 9110 §12.4.2).
bool is_zero_weight(std::string_view parameter) {
  const std::string text = ascii_lower(trim(parameter));
  return text.starts_with("q=0") && text.find_first_of("123456789") == std::string::npos;
}

std::unexpected<Error> malformed() {
  return fail(Code::unauthenticated, "auth.malformed", "The Authorization header is malformed.");
}

// Without branches, so that the compiler takes many characters at once: tokens are long. From '-' to '9' are
// "-./" and the digits.
constexpr bool is_token68(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return ((lower >= 'a') & (lower <= 'z')) | ((c >= '-') & (c <= '9')) | (c == '_') | (c == '~') |
         (c == '+') | (c == '=');
}

// RFC 6750 §2.1: token68 and nothing else.
bool is_token68(std::string_view text) {
  bool good = !text.empty();
  for (const char c : text) good &= is_token68(c);
  return good;
}

Result<void> read_basic(std::string_view encoded, Call& call) {
  auto decoded = codec::base64_decode(encoded);
  if (!decoded) return malformed();
  Secret pair = Secret::take(*decoded);
  return pair.with([&](std::string_view text) -> Result<void> {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || !is_utf8(text) || text.find('\0') != std::string_view::npos)
      return malformed();
    call.basic = BasicCredential{.name = std::string(text.substr(0, colon)),
                                 .password = Secret(std::string(text.substr(colon + 1)))};
    return {};
  });
}

}  // namespace

bool accepts(const http::Headers& headers, std::string_view type) {
  bool any_header = false;
  int best_fit = 0;
  bool accepted = false;
  for (const auto& header : headers) {
    if (!http::same_ignoring_case(header.name, "Accept")) continue;
    any_header = true;
    for (std::string_view range : split(header.value, ',')) {
      const auto parts = split(range, ';');
      const int how_well = fit(ascii_lower(trim(parts.front())), type);
      if (how_well <= best_fit) continue;
      best_fit = how_well;
      accepted = std::none_of(parts.begin() + 1, parts.end(), is_zero_weight);
    }
  }
  return !any_header || accepted;
}

std::optional<StreamFormat> accepted_stream(const http::Headers& headers) {
  const auto accept = http::find_header(headers, "Accept");
  const bool named = accept && ascii_lower(*accept).find("text/event-stream") != std::string::npos;
  if (named && accepts(headers, "text/event-stream")) return StreamFormat::events;
  if (accepts(headers, "application/x-ndjson") || accepts(headers, kJson)) return StreamFormat::lines;
  return std::nullopt;
}

bool sends_json(const http::Headers& headers) {
  const auto value = http::find_header(headers, "Content-Type");
  if (!value || http::count_headers(headers, "Content-Type") != 1) return false;
  const auto parts = split(*value, ';');
  if (!http::same_ignoring_case(trim(parts.front()), kJson)) return false;
  return std::all_of(parts.begin() + 1, parts.end(), [](std::string_view parameter) {
    const std::string text = ascii_lower(trim(parameter));
    return text.empty() || text == "charset=utf-8" || text == "charset=\"utf-8\"";
  });
}

Result<void> read_authorization(const http::Headers& headers, Call& call) {
  const auto value = http::find_header(headers, "Authorization");
  if (!value) return {};
  if (http::count_headers(headers, "Authorization") != 1)
    return fail(Code::invalid, "auth.header_twice", "There must be one Authorization header only.");
  const auto space = value->find(' ');
  const auto scheme = value->substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? "" : trim(value->substr(space));
  if (http::same_ignoring_case(scheme, "basic")) return read_basic(rest, call);
  if (!http::same_ignoring_case(scheme, "bearer"))
    return fail(Code::unauthenticated, "auth.scheme", "Authorization takes the schemes Bearer and Basic.");
  if (!is_token68(rest)) return malformed();
  call.bearer = Secret(std::string(rest));
  return {};
}

Result<std::optional<std::string>> read_if_match(const http::Headers& headers) {
  constexpr Reason kReason = "precondition.if_match";
  TRY(const auto tags, read_entity_tags(headers, "If-Match", kReason));
  if (!tags || tags->any) return std::nullopt;
  std::optional<std::string> strong;
  for (const auto& tag : tags->tags) {
    if (tag.weak || tag.opaque == strong) continue;
    if (strong) return fail(Code::invalid, kReason, "If-Match takes one revision: what you read last.");
    strong = tag.opaque;
  }
  if (!strong) return fail(Code::stale, "precondition.weak", "A weak entity tag never matches in If-Match.");
  return strong;
}

Result<std::optional<std::uint64_t>> read_at_least(const http::Headers& headers) {
  const auto value = http::find_header(headers, "Allauth-At-Least");
  if (!value) return std::nullopt;
  const auto revision = parse_u64(trim(*value));
  if (revision && http::count_headers(headers, "Allauth-At-Least") == 1) return *revision;
  return fail(Code::invalid, "precondition.at_least",
              "Allauth-At-Least takes one revision, as Allauth-Revision gave it.");
}

codec::TraceContext read_trace(const http::Headers& headers, Entropy& entropy) {
  const auto parent = http::find_header(headers, "traceparent");
  const bool once = parent && http::count_headers(headers, "traceparent") == 1;
  std::string state;
  for (const auto& header : headers)  // several are one list (§3.3.1.1)
    if (once && http::same_ignoring_case(header.name, "tracestate"))
      state += (state.empty() ? "" : ",") + header.value;
  return codec::begin_span(once ? trim(*parent) : std::string_view(), state, entropy);
}

Result<std::optional<std::string>> read_idempotency_key(const http::Headers& headers,
                                                        const google::protobuf::MethodDescriptor& method) {
  const auto value = http::find_header(headers, "Idempotency-Key");
  if (!value) return std::nullopt;
  const auto kind = method.options().GetExtension(v1::kind);
  if (kind != v1::KIND_WRITE && kind != v1::KIND_WRITE_PASSWORD) return std::nullopt;
  if (method.options().GetExtension(v1::public_))
    return fail(Code::invalid, "idempotency.public", "This request takes no Idempotency-Key.",
                "Idempotency-Key");
  const auto key = trim(*value);
  if (!key.empty() && key.size() <= kMaxIdempotencyKey && is_printable_ascii(key) &&
      http::count_headers(headers, "Idempotency-Key") == 1)
    return std::string(key);
  return fail(Code::invalid, "idempotency.key", "An Idempotency-Key has 1 to 64 printable characters.",
              "Idempotency-Key");
}

std::optional<std::string> read_request_id(const http::Headers& headers) {
  const auto value = http::find_header(headers, "X-Request-Id");
  if (!value || !is_id(*value)) return std::nullopt;
  return std::string(*value);
}

}  // namespace allauth::wire
