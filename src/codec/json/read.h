// Reads a document by a profile: first its syntax into a value, then the members that are asked for.
// Pure functions. The errors' fields name the place as a path: "user.email", "org_ids[3]".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/json/profile.h"
#include "codec/json/value.h"

namespace allauth::json {

// Errors (invalid): json.syntax, json.utf8, json.too_deep, json.duplicate_member, json.number (no double can
// hold it); json.too_large (exhausted).
Result<Value> read(std::string_view text, const ReadRules& rules);

// The members of one object. Each getter marks its member as known; `done` then applies the rule for those
// that nobody asked for. Nothing is returned for a member that is not there, or is null where that is the
// same. With folded names the last that fits counts, or two are refused, as the profile says.
// Errors (invalid): json.type, json.null, json.duplicate_member, json.unknown_member.
class Fields {
 public:
  // Borrows both. `path` is where the object is; empty for the document.
  static Result<Fields> of(const Value& value, const ReadRules& rules, std::string path = {});

  Result<std::optional<std::string>> text(std::string_view name);
  Result<std::optional<bool>> boolean(std::string_view name);
  // A whole number, written without fraction or exponent.
  Result<std::optional<std::int64_t>> integer(std::string_view name);
  Result<std::optional<double>> number(std::string_view name);
  // Null pointers where nothing is there; else they live as long as the value.
  Result<const Array*> array(std::string_view name);
  Result<const Object*> object(std::string_view name);
  // Of any type; null comes back as such.
  Result<const Value*> any(std::string_view name);

  Result<void> done() const;
  // Where a member is.
  std::string path_of(std::string_view name) const;

 private:
  Fields(const Object& object, const ReadRules& rules, std::string path)
      : object_(object), rules_(rules), path_(std::move(path)), known_(object.size()) {}
  // Null pointer where there is nothing, or null that means nothing.
  Result<const Value*> find(std::string_view name);
  template <class T>
  Result<const T*> find_as(std::string_view name, std::string_view expected);

  const Object& object_;
  const ReadRules& rules_;
  std::string path_;
  std::vector<bool> known_;
};

}  // namespace allauth::json
