// Writes a value by a profile.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/json/profile.h"
#include "codec/json/value.h"

namespace allauth::json {

// Compact; members in their order. Numbers are the shortest that read back the same, in the notation of
// ECMAScript and Go: 100, 0.5, 1e+21, 1e-7. Bytes that are not UTF-8 come out as U+FFFD.
std::string write(const Value& value, const WriteRules& rules);

// An object as a face answers it, member by member.
class ObjectWriter {
 public:
  explicit ObjectWriter(const WriteRules& rules) : rules_(rules) {}

  ObjectWriter& set(std::string_view name, Value value) {
    object_.push_back({.name = std::string(name), .value = std::move(value)});
    return *this;
  }
  // Without a value: left out or null, as the profile says.
  ObjectWriter& set_optional(std::string_view name, std::optional<Value> value) {
    if (value || rules_.absent == Absent::null) set(name, value ? std::move(*value) : Value());
    return *this;
  }
  // Left out if it is what Go's `omitempty` leaves out: false, 0, null, "", [] and {}.
  ObjectWriter& set_unless_empty(std::string_view name, Value value);

  Value take() && { return Value(std::move(object_)); }

 private:
  const WriteRules& rules_;
  Object object_;
};

// The same with the members of all objects by name, as Go writes its maps.
Value sorted(Value value);

}  // namespace allauth::json
