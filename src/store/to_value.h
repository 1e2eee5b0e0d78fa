// From our types to binds. to_value() borrows: the argument must live until the statement has run.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/clock.h"
#include "base/id.h"
#include "model/describe.h"
#include "model/values.h"
#include "store/sql/value.h"

namespace allauth::store {

template <std::integral T>
sql::Value to_value(T number) {
  return sql::Value(number);
}
template <class T>
  requires std::is_enum_v<T>
sql::Value to_value(T value) {
  return sql::Value(static_cast<std::int64_t>(value));
}
inline sql::Value to_value(Instant time) { return sql::Value(to_millis(time)); }
inline sql::Value to_value(const char* text) { return sql::Value(std::string_view(text)); }
inline sql::Value to_value(std::string_view text) { return sql::Value(text); }
inline sql::Value to_value(const std::string& text) { return sql::Value(std::string_view(text)); }
inline sql::Value to_value(const Blob& blob) { return sql::Value::blob(blob.bytes); }
inline sql::Value to_value(const Metadata& metadata) { return sql::Value(std::string_view(metadata.json)); }
template <class Tag>
sql::Value to_value(const Id<Tag>& id) {
  return sql::Value(std::string_view(id.str()));
}
template <class T>
sql::Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : sql::Value();
}

}  // namespace allauth::store
