// Identifiers that cannot be mixed up: Id<UserTag> and Id<DomainTag> are different types.
// An id made here is a UUIDv7 (RFC 9562); an imported one is any 1–64 characters of
// A–Z a–z 0–9 . _ ~ : @ | = - , so that foreign ids survive and no id can hold a topic level
// separator, a wildcard, a path separator or a space.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"

namespace allauth {

inline constexpr std::size_t kMaxIdLength = 64;

// True for text that may be an id.
constexpr bool is_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxIdLength) return false;
  for (char c : text) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                    c == '_' || c == '~' || c == ':' || c == '@' || c == '|' || c == '=' || c == '-';
    if (!ok) return false;
  }
  return true;
}

template <class Tag>
class Id {
 public:
  Id() = default;  // empty: "none"

  static Result<Id> parse(std::string_view text, std::string_view field = "id") {
    if (!is_id(text))
      return fail(Code::invalid, "id.invalid", "An id is 1 to 64 characters of A-Z a-z 0-9 . _ ~ : @ | = -",
                  std::string(field));
    return Id(std::string(text));
  }
  // For text that is known to be an id: a row of our own store, a fresh id of the IdSource.
  static Id trusted(std::string text) { return Id(std::move(text)); }

  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace allauth

template <class Tag>
struct std::hash<allauth::Id<Tag>> {
  std::size_t operator()(const allauth::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};

template <class Tag>
struct fmt::formatter<allauth::Id<Tag>> : fmt::formatter<std::string_view> {
  auto format(const allauth::Id<Tag>& id, fmt::format_context& ctx) const {
    return fmt::formatter<std::string_view>::format(id.str(), ctx);
  }
};
