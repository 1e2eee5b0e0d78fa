// The schema of the policy: that of the product (core.schema), and the installation's own beside it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/access/gate.h"
#include "model/policy.h"

namespace allauth::app {

struct SchemaView {
  std::string text;                   // the installation's own definitions
  std::vector<std::string> warnings;  // each begins with its "line:column: " in the text
  std::string_view core;              // the product's; lives as long as the program
  Stamp stamp;                        // all zero while none was ever written
};

// From the newest snapshot.
SchemaView read_schema(const Core& core, const Permit<act::ReadPolicy>& permit);

// Replaces the installation's own definitions by those of the text, all of them.
// Errors: those of compile_schema(), with the field "text"; conflict schema.in_use, while there is a
// relationship that the text does not allow; stale revision.stale (`expected`).
Result<store::Write<SchemaView>> write_schema(const Core& core, Permit<act::WriteSchema> permit,
                                              std::string text, std::optional<Revision> expected);
// What that would answer now, with the revision as it is.
Result<SchemaView> try_schema(const Core& core, store::Read& read, const Permit<act::WriteSchema>& permit,
                              const std::string& text, std::optional<Revision> expected);

}  // namespace allauth::app
