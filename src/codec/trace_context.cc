#include "codec/trace_context.h"

#include <algorithm>
#include <set>
#include <span>

#include "base/text.h"

namespace allauth::codec {
namespace {

constexpr std::size_t kLength = 55;  // of version 00
constexpr std::string_view kDigits = "0123456789abcdef";

// Lower-case digits only, as §3.2.2 has them; false for anything else.
bool read_hex(std::string_view text, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = kDigits.find(text[2 * i]);
    const auto low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  for (const auto byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0x0F];
  }
}

bool is_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](auto byte) { return byte == 0; });
}

// Random, and not zero, which would mean that there is none.
void fill_id(std::span<std::uint8_t> id, Entropy& entropy) {
  entropy.fill(id);
  if (is_zero(id)) id.back() = 1;
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_key_part(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && is_lower_or_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) {
           return is_lower_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
         });
}

// simple-key or tenant-id "@" system-id. A simple key starts with a letter.
bool is_key(std::string_view key) {
  const auto at = key.find('@');
  if (at == std::string_view::npos) return is_key_part(key, 256) && (key.front() > '9');
  const auto system = key.substr(at + 1);
  return is_key_part(key.substr(0, at), 241) && is_key_part(system, 14) && (system.front() > '9');
}

bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' && is_printable_ascii(value) &&
         value.find_first_of(",=") == std::string_view::npos;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext trace;
  if (text.size() < kLength || !read_hex(text, version) || version[0] == 0xFF) return std::nullopt;
  if (version[0] == 0 ? text.size() != kLength : text.size() > kLength && text[kLength] != '-')
    return std::nullopt;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  if (!read_hex(text.substr(3), trace.trace_id) || !read_hex(text.substr(36), trace.span_id) ||
      !read_hex(text.substr(53), flags))
    return std::nullopt;
  if (is_zero(trace.trace_id) || is_zero(trace.span_id)) return std::nullopt;
  trace.flags = flags[0];
  return trace;
}

std::string to_traceparent(const TraceContext& trace) {
  std::string text = "00-";
  append_hex(text, trace.trace_id);
  text += '-';
  append_hex(text, trace.span_id);
  text += '-';
  append_hex(text, std::span(&trace.flags, 1));
  return text;
}

std::string trace_id_text(const TraceContext& trace) {
  std::string text;
  append_hex(text, trace.trace_id);
  return text;
}

bool is_tracestate(std::string_view text) {
  if (text.size() > 512) return false;
  std::set<std::string_view> keys;
  for (const auto piece : split(text, ',')) {
    const auto member = trim(piece);
    if (member.empty()) continue;
    const auto equals = member.find('=');
    if (equals == std::string_view::npos || !is_key(member.substr(0, equals)) ||
        !is_value(member.substr(equals + 1)) || !keys.insert(member.substr(0, equals)).second)
      return false;
  }
  return keys.size() <= 32;
}

TraceContext begin_span(std::string_view traceparent, std::string_view tracestate, Entropy& entropy) {
  auto trace = parse_traceparent(traceparent);
  if (!trace) {
    trace.emplace();
    fill_id(trace->trace_id, entropy);
  } else {
    trace->flags &= 1;  // those of later versions are not ours to pass on
    if (!tracestate.empty() && is_tracestate(tracestate)) trace->state = tracestate;
  }
  fill_id(trace->span_id, entropy);
  return std::move(*trace);
}

}  // namespace allauth::codec
