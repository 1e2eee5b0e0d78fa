#include "codec/http.h"

#include <algorithm>

#include "base/text.h"

namespace allauth::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

int status_of(Code code) {
  switch (code) {
    case Code::invalid:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::denied:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::stale:
      return 412;
    case Code::exhausted:
      return 429;
    case Code::unavailable:
      return 503;
    case Code::unsupported:
      return 501;
    case Code::bug:
      return 500;
  }
  return 500;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  for (const auto& header : headers)
    if (same_ignoring_case(header.name, name)) return header.value;
  return std::nullopt;
}

std::size_t count_headers(const Headers& headers, std::string_view name) {
  const auto has_name = [&](const Header& header) { return same_ignoring_case(header.name, name); };
  return static_cast<std::size_t>(std::ranges::count_if(headers, has_name));
}

bool has_token(std::string_view value, std::string_view token) {
  for (auto piece : split(value, ','))
    if (same_ignoring_case(trim(piece), token)) return true;
  return false;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out(text.substr(0, text.find('%')));
  for (std::size_t i = out.size(); i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (out.find('\0') != std::string::npos || !is_utf8(out)) return std::nullopt;
  return out;
}

// A name or value of a form, where '+' is a space.
static std::optional<std::string> form_decode(std::string_view text) {
  if (!text.contains('+')) return percent_decode(text);
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (query.empty()) return pairs;
  for (auto piece : split(query, '&')) {
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    auto name = form_decode(piece.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string() : form_decode(piece.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

}  // namespace allauth::http
