// What a schema may say, but hardly means. Internal to the schema compiler.
#pragma once

#include <string>
#include <vector>

#include "policy/schema/resolved_schema.h"

namespace allauth::policy {

// Each begins with "line:column: "; at most a hundred.
std::vector<std::string> lint(const ResolvedSchema& schema);

}  // namespace allauth::policy
