// Who is expected to hold something, as SpiceDB's tools write it:
//   [user:ann] is <doc:plan#viewer>/<doc:plan#editor>        by these relations
//   [group:staff#member] is <doc:plan#viewer>
//   [user:* - {user:bob, user:eve}] is <doc:plan#viewer>     everybody but two
//   [user:cid[...]] is <doc:plan#viewer>                     a caveat decides
// Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "policy/validation/relationship_text.h"

namespace allauth::policy {

struct ExpectedText {
  struct Exception {
    SubjectText subject;
    bool caveated = false;
  };
  SubjectText subject;
  bool caveated = false;
  std::vector<Exception> exceptions = {};  // of everybody
  std::vector<SubjectText> through = {};   // relations that the subject itself stands in
};

// Errors: validation.syntax, relationship.invalid.
Result<ExpectedText> parse_expected(std::string_view text);

}  // namespace allauth::policy
