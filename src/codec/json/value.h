// A JSON document as a value (RFC 8259), for what has no message type: the dialects' bodies, tokens, keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace allauth::json {

struct Member;
class Value;
using Array = std::vector<Value>;
using Object = std::vector<Member>;  // in the order of the text

// A number without fraction and exponent is an int64 or, if it is too large for that, a uint64; any other
// is a double. Only numbers that a double can hold exist.
class Value {
 public:
  using Variant =
      std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;

  Value();  // null
  // NOLINTBEGIN(google-explicit-constructor): a value is what it is made of
  Value(std::nullptr_t);
  Value(bool value);
  Value(int value);
  Value(std::int64_t value);
  Value(std::uint64_t value);
  Value(double value);
  Value(std::string value);
  Value(std::string_view value);
  Value(const char* value);
  Value(Array value);
  Value(Object value);
  // NOLINTEND(google-explicit-constructor)
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  bool is_null() const;
  // Null if it is of another type.
  template <class T>
  const T* get() const {
    return std::get_if<T>(&is_);
  }
  template <class T>
  T* get() {
    return std::get_if<T>(&is_);
  }
  const Variant& variant() const { return is_; }

  friend bool operator==(const Value&, const Value&);

 private:
  Variant is_;
};

struct Member {
  std::string name;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

}  // namespace allauth::json
