#include "model/values.h"

#include <algorithm>

#include <boost/json.hpp>

#include "base/text.h"

namespace allauth {
namespace {

constexpr std::size_t kMaxNameCharacters = 128;
constexpr std::size_t kMaxDescriptionCharacters = 1024;
constexpr std::size_t kMaxTags = 32;
constexpr std::size_t kMaxTagCharacters = 64;
constexpr std::size_t kMaxMetadataBytes = 16 * 1024;
constexpr std::size_t kMaxMetadataDepth = 8;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// 8-4-4-4-12 hexadecimal digits.
bool looks_like_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

}  // namespace

bool has_control_characters(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x20 || c == 0x7F) return true;
    // U+0080..U+009F
    if (c == 0xC2 && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xA0) return true;
  }
  return false;
}

Result<std::string> parse_name(std::string_view text, std::string_view field) {
  text = trim(text);
  if (!is_utf8(text) || has_control_characters(text))
    return fail(Code::invalid, "name.invalid", "A name is UTF-8 text without control characters.",
                std::string(field));
  if (text.empty() || code_points(text) > kMaxNameCharacters)
    return fail(Code::invalid, "name.length", "A name has 1 to 128 characters.", std::string(field));
  return std::string(text);
}

Result<std::string> parse_description(std::string_view text, std::string_view field) {
  std::string line(text);
  std::erase_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; });
  if (!is_utf8(text) || has_control_characters(line))
    return fail(Code::invalid, "description.invalid",
                "A description is UTF-8 text; of control characters only line breaks and tabs.",
                std::string(field));
  if (code_points(text) > kMaxDescriptionCharacters)
    return fail(Code::invalid, "description.length", "A description has at most 1024 characters.",
                std::string(field));
  return std::string(text);
}

Result<std::string> parse_route(std::string_view text, std::string_view field) {
  const bool ok = !text.empty() && text.size() <= 64 && is_lower_alnum(text.front()) &&
                  std::ranges::all_of(text, [](char c) { return is_lower_alnum(c) || c == '-' || c == '_'; });
  if (!ok)
    return fail(Code::invalid, "route.invalid",
                "A route is 1 to 64 of a-z 0-9 - _ and begins with a letter or digit.", std::string(field));
  if (looks_like_uuid(text))
    return fail(Code::invalid, "route.uuid", "A route must not look like a UUID.", std::string(field));
  return std::string(text);
}

Result<std::string> parse_email(std::string_view text, std::string_view field) {
  const auto bad = [&] {
    return fail(Code::invalid, "email.invalid", "This is not an e-mail address.", std::string(field));
  };
  if (text.size() < 3 || text.size() > 254 || !is_utf8(text) || has_control_characters(text)) return bad();
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos)
    return bad();
  if (text.find_first_of(" \t\"<>(),;:\\[]") != std::string_view::npos) return bad();
  const auto host = text.substr(at + 1);
  if (host.front() == '.' || host.back() == '.' || host.find("..") != std::string_view::npos) return bad();
  return ascii_lower(text);
}

Result<std::string> parse_username(std::string_view text, std::string_view field) {
  std::string name = ascii_lower(text);
  const bool ok =
      name.size() >= 3 && name.size() <= 64 && is_lower_alnum(name.front()) &&
      std::ranges::all_of(name, [](char c) { return is_lower_alnum(c) || c == '.' || c == '_' || c == '-'; });
  if (!ok)
    return fail(Code::invalid, "username.invalid",
                "A user name is 3 to 64 of a-z 0-9 . _ - and begins with a letter or digit.",
                std::string(field));
  return name;
}

Result<Tags> parse_tags(std::vector<std::string> tags, std::string_view field) {
  if (tags.size() > kMaxTags)
    return fail(Code::invalid, "tags.too_many", "There can be at most 32 tags.", std::string(field));
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const auto& tag = tags[i];
    if (tag.empty() || !is_utf8(tag) || has_control_characters(tag) || code_points(tag) > kMaxTagCharacters)
      return fail(Code::invalid, "tags.invalid", "A tag is 1 to 64 characters without control characters.",
                  fmt::format("{}[{}]", field, i));
  }
  std::ranges::sort(tags);
  const auto repeated = std::ranges::unique(tags);
  tags.erase(repeated.begin(), repeated.end());
  return tags;
}

Result<Metadata> parse_metadata(std::string_view json, std::string_view field) {
  if (json.empty()) return Metadata{};
  if (json.size() > kMaxMetadataBytes)
    return fail(Code::invalid, "metadata.too_large", "Metadata has at most 16 KiB.", std::string(field));
  boost::json::parse_options options;
  options.max_depth = kMaxMetadataDepth;
  boost::system::error_code error;
  const auto value =
      boost::json::parse(boost::json::string_view(json.data(), json.size()), error, {}, options);
  if (error || !value.is_object())
    return fail(Code::invalid, "metadata.invalid", "Metadata is a JSON object, nested at most 8 deep.",
                std::string(field));
  return Metadata{boost::json::serialize(value)};
}

}  // namespace allauth
