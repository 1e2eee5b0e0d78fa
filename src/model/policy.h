// What the policy rests on besides the directory, as it is stored.
#pragma once

#include <string>

#include "model/entities.h"

namespace allauth {

// The definitions that this installation has of its own, as they were written.
struct PolicySchema {
  static constexpr std::string_view kTable = "policy_schemas";
  static constexpr ImageKind kKind = ImageKind::policy_schema;
  static constexpr int kKeys = 1;
  static constexpr std::string_view kMain = "main";  // the name of the only one

  std::string name;
  std::string text;  // compiles; empty: no definitions
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& schema, Field&& field) {
    field(1, "name", schema.name);
    field(2, "text", schema.text);
    Stamp::describe(schema.stamp, field);
  }
};

}  // namespace allauth
