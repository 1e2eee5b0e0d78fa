// What a permission says, as it is written. For those who show it; checks follow plans (plan.h).
#pragma once

#include <vector>

#include "policy/schema/plan.h"

namespace allauth::policy {

struct Expression {
  enum class Kind : std::uint8_t {
    nil,
    self,          // the object itself
    reference,     // a relation or permission of the same definition
    arrow,         // any far end of a relation
    every,         // all far ends of a relation, and at least one
    union_,        // any of the parts
    intersection,  // all of the parts
    exclusion,     // the first part, without the others
  };
  Kind kind = Kind::nil;
  NameId name = kItself;    // reference; of an arrow its left side
  NameId target = kItself;  // an arrow's right side
  std::vector<Expression> parts = {};
};

}  // namespace allauth::policy
