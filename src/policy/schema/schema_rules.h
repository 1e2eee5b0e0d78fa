// The rules of the language beyond "that name exists". Internal to the schema compiler.
//
//   * A relation allows no type twice.
//   * No wildcard behind a userset: `team#member` is no type where `member` allows `user:*`, and an arrow
//     does not start at a relation that allows one. Permissions with a wildcard in them may be usersets.
//   * A permission that only stands for another must not come back to itself.
#pragma once

#include "base/error.h"
#include "policy/schema/resolved_schema.h"

namespace allauth::policy {

// Errors: schema.type.
Result<void> check_rules(const ResolvedSchema& schema);

// The types written behind a permission's name are at least those that can hold it. `compiled` is what has
// become of the schema. Errors: schema.type.
Result<void> check_annotations(const ResolvedSchema& schema, const CompiledSchema& compiled);

}  // namespace allauth::policy
