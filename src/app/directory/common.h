// What users, domains, clients and channels have in common: a name, tags and free metadata; and what the
// items of a list that is given at once have.
#pragma once

#include <optional>
#include <string>

#include <fmt/format.h>

#include "model/values.h"

namespace allauth::app {

struct CommonFields {
  std::string name;  // parse_name
  Tags tags;         // parse_tags
  Metadata metadata;
};

// What is absent stays as it is.
struct CommonChanges {
  std::optional<std::string> name;
  std::optional<Tags> tags;
  std::optional<Metadata> metadata;
};

template <class Entity>
void set_common(Entity& entity, CommonFields fields) {
  entity.name = std::move(fields.name);
  entity.tags = std::move(fields.tags);
  entity.metadata = std::move(fields.metadata);
}

template <class Entity>
void change_common(Entity& entity, CommonChanges changes) {
  if (changes.name) entity.name = std::move(*changes.name);
  if (changes.tags) entity.tags = std::move(*changes.tags);
  if (changes.metadata) entity.metadata = std::move(*changes.metadata);
}

// Of one item of several: its place goes before the field of an error, "members[3].user_id".
template <class T>
Result<T> in_item(std::string_view list, std::size_t index, Result<T> result) {
  if (result) return result;
  Error error = std::move(result).error();
  error.field = fmt::format("{}[{}]{}{}", list, index, error.field.empty() ? "" : ".", error.field);
  return std::unexpected(std::move(error));
}

// The same of a part of a request.
template <class T>
Result<T> in_field(std::string_view name, Result<T> result) {
  if (result) return result;
  Error error = std::move(result).error();
  error.field = fmt::format("{}{}{}", name, error.field.empty() ? "" : ".", error.field);
  return std::unexpected(std::move(error));
}

}  // namespace allauth::app
