#include "codec/json/value.h"

namespace allauth::json {

// Here, and not in the class, because an Object is of Members, which are of Values.
Value::Value() = default;
Value::Value(std::nullptr_t) {}
Value::Value(bool value) : is_(value) {}
Value::Value(int value) : is_(std::int64_t{value}) {}
Value::Value(std::int64_t value) : is_(value) {}
Value::Value(std::uint64_t value) : is_(value) {}
Value::Value(double value) : is_(value) {}
Value::Value(std::string value) : is_(std::move(value)) {}
Value::Value(std::string_view value) : is_(std::string(value)) {}
Value::Value(const char* value) : is_(std::string(value)) {}
Value::Value(Array value) : is_(std::move(value)) {}
Value::Value(Object value) : is_(std::move(value)) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

bool Value::is_null() const { return std::holds_alternative<std::nullptr_t>(is_); }

bool operator==(const Value& a, const Value& b) { return a.is_ == b.is_; }

}  // namespace allauth::json
