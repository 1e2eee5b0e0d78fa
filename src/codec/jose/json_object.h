// One JSON object as JOSE needs it: headers, claim sets and keys (RFC 7515 §4, RFC 7519 §4, RFC 7517 §4).
// Strict: RFC 8259 syntax, UTF-8, no member name twice at any depth, nesting bounded. Values of
// members that JOSE looks at are kept; deeper structures are checked and then forgotten.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace allauth::jose {

inline constexpr std::size_t kMaxJsonSize = 8 * 1024;
inline constexpr std::size_t kMaxJsonDepth = 8;

// An object, or an array of anything but strings.
struct Nested {
  friend bool operator==(Nested, Nested) { return true; }
};

using StringList = std::vector<std::string>;
// A number without fraction or exponent that fits is an int64, any other a double.
using JsonValue = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, StringList, Nested>;

// Immutable value; thread-safe to read.
class JsonObject {
 public:
  // Nothing if the text is longer than kMaxJsonSize or breaks any rule above.
  static std::optional<JsonObject> parse(std::string_view text);

  struct Member {
    std::string name;
    JsonValue value;
  };

  // The member's value, or null when there is none. Lives as long as this object.
  const JsonValue* find(std::string_view name) const;
  // The member's text, or null when there is none or it is not a string.
  const std::string* find_string(std::string_view name) const;
  const std::vector<Member>& members() const { return members_; }

 private:
  explicit JsonObject(std::vector<Member> members) : members_(std::move(members)) {}
  std::vector<Member> members_;
};

}  // namespace allauth::jose
