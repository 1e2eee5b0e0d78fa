// The product's own schema (core.schema), compiled into the program.
#pragma once

#include <memory>
#include <string_view>

#include "policy/schema/schema.h"

namespace allauth::policy {

std::string_view core_schema_text();

// Compiled once, then shared. The text is part of the program, so a mistake in it is a bug that the
// tests find; it ends the program with a message.
std::shared_ptr<const CompiledSchema> core_schema();

// The same with definitions of the installation's own beside them (SchemaSource), for a graph of `before`.
// Errors: those of compile_schema().
Result<std::shared_ptr<const CompiledSchema>> core_schema_with(std::string_view own,
                                                               const CompiledSchema& before);

}  // namespace allauth::policy
