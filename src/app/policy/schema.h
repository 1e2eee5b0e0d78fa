// The schema of the policy: that of the product (core.schema), and the installation's own beside it.
#pragma once

#include <string>
#include <vector>

#include "app/access/gate.h"
#include "model/entities.h"

namespace allauth::app {

struct SchemaView {
  std::string text;                   // the installation's own definitions
  std::vector<std::string> warnings;  // each begins with its "line:column: " in the text
  std::string_view core;              // the product's; lives as long as the program
  Stamp stamp;                        // all zero while none was ever written
};

// From the newest snapshot.
SchemaView read_schema(const Core& core, const Permit<act::ReadPolicy>& permit);

}  // namespace allauth::app
