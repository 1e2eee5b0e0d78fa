// Test files for schemas in the format of SpiceDB's tools (YAML): a schema, relationships, assertions and who
// is expected to hold what. Text in, values out.
//
//   schema: …                      its text; or schemaFile: the name of a file that has it
//   relationships: |               one per line; blank lines and // comments may stand between
//     doc:plan#viewer@user:ann
//   assertions:
//     assertTrue: ["doc:plan#view@user:ann"]
//     assertFalse: […]
//     assertCaveated: ['doc:plan#view@user:bob with {"day": 1}']
//   validation:                    the whole list of who holds something
//     doc:plan#view:
//       - "[user:ann] is <doc:plan#viewer>"
//       - "[user:* - {user:bob, user:eve}] is <doc:plan#viewer>/<doc:plan#editor>"
//       - "[user:cid[...]] is <doc:plan#viewer>"     a caveat decides
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/validation/relationship_text.h"

namespace allauth::policy {

struct ValidationFile {
  struct Assertion {
    RelationshipText relationship;  // the relation is the permission asked for
    std::string context = {};       // JSON; empty: none
  };
  struct Exception {
    SubjectText subject;
    bool caveated = false;
  };
  struct Expected {
    SubjectText subject;
    bool caveated = false;
    std::vector<Exception> exceptions = {};  // of everybody
    std::vector<SubjectText> through = {};   // relations with which they hold it
  };
  struct Holders {
    SubjectText place;  // doc:plan#view
    std::vector<Expected> subjects = {};
  };

  std::string schema = {};
  std::string schema_file = {};
  std::vector<RelationshipText> relationships = {};
  std::vector<Assertion> assert_true = {};
  std::vector<Assertion> assert_false = {};
  std::vector<Assertion> assert_caveated = {};
  std::vector<Holders> validation = {};
};

inline constexpr std::size_t kMaxValidationFile = 16 * 1024 * 1024;

// Errors: validation.syntax (no YAML, or not of that form; with its line), validation.limit,
// relationship.invalid.
Result<ValidationFile> read_validation_file(std::string_view text);

}  // namespace allauth::policy
