#include "app/lists/page_token.h"

#include <ranges>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/hash.h"

namespace allauth::app {
namespace {

constexpr char kVersion = 2;
constexpr std::size_t kDigestBytes = 8;
constexpr std::size_t kMaxText = 0xFFFF;

std::string head_for(std::string_view made_for) {
  const auto digest = crypto::sha256(made_for);
  return kVersion + std::string(codec::as_text(digest)).substr(0, kDigestBytes);
}

void append_number(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
}

std::optional<std::uint64_t> take_number(std::string_view& in, std::size_t bytes) {
  if (in.size() < bytes) return std::nullopt;
  std::uint64_t number = 0;
  for (const char byte : in.substr(0, bytes)) number = number << 8 | static_cast<unsigned char>(byte);
  in.remove_prefix(bytes);
  return number;
}

std::optional<std::string> take_text(std::string_view& in) {
  const auto size = take_number(in, 2);
  if (!size || in.size() < *size) return std::nullopt;
  std::string text(in.substr(0, *size));
  in.remove_prefix(*size);
  if (!is_utf8(text) || text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

std::optional<store::PlaceValue> take_value(std::string_view& in) {
  if (in.empty()) return std::nullopt;
  const char kind = in.front();
  in.remove_prefix(1);
  if (kind == 'i') {
    const auto number = take_number(in, 8);
    if (number) return static_cast<std::int64_t>(*number);
  } else if (kind == 't') {
    auto text = take_text(in);
    if (text) return std::move(*text);
  }
  return std::nullopt;
}

bool fits(const store::Place& place, const store::ListOrder& order) {
  return place.size() == order.fields.size() &&
         std::holds_alternative<std::int64_t>(place.front()) == order.is_number() &&
         std::ranges::all_of(place | std::views::drop(1),
                             [](const auto& value) { return std::holds_alternative<std::string>(value); });
}

std::optional<store::Place> parse_place(std::string_view token, std::string_view made_for,
                                        std::size_t values) {
  const auto bytes = token.size() <= kMaxPageToken ? codec::base64url_decode(token) : std::nullopt;
  if (!bytes || !bytes->starts_with(head_for(made_for))) return std::nullopt;
  std::string_view rest = std::string_view(*bytes).substr(1 + kDigestBytes);
  store::Place place;
  while (!rest.empty() && place.size() < values) {
    auto value = take_value(rest);
    if (!value) return std::nullopt;
    place.push_back(std::move(*value));
  }
  if (!rest.empty()) return std::nullopt;
  return place;
}

}  // namespace

std::string make_page_token(const store::Place& place, std::string_view made_for) {
  std::string bytes = head_for(made_for);
  for (const auto& value : place) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      bytes += 'i';
      append_number(bytes, static_cast<std::uint64_t>(*number), 8);
    } else {
      const std::string_view text = std::string_view(std::get<std::string>(value)).substr(0, kMaxText);
      bytes += 't';
      append_number(bytes, text.size(), 2);
      bytes += text;
    }
  }
  return codec::base64url_encode(bytes);
}

std::optional<store::Place> parse_page_token(std::string_view token, std::string_view made_for,
                                             const store::ListOrder& order) {
  auto place = parse_place(token, made_for, order.fields.size());
  return place && fits(*place, order) ? std::move(place) : std::nullopt;
}

std::optional<std::string> parse_id_token(std::string_view token, std::string_view made_for) {
  const auto place = parse_place(token, made_for, 1);
  if (!place || place->empty()) return std::nullopt;
  const auto* id = std::get_if<std::string>(&place->front());
  return id != nullptr ? std::optional(*id) : std::nullopt;
}

}  // namespace allauth::app
