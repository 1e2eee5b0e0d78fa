// Test files for schemas in the format of SpiceDB's tools (YAML): a schema, relationships, assertions and who
// is expected to hold what. Text in, values with their places in the text out.
//
//   schema: …                      its text; or schemaFile: the name of a file that has it
//   relationships: |               one per line; blank lines and // comments may stand between
//     doc:plan#viewer@user:ann
//   grants:                        (ours) what roles are granted and denied, see `from grants`
//     - {object: "domain:d1", role: operators, actions: [client_read], deny: [client_delete]}
//   assertions:
//     assertTrue: ["doc:plan#view@user:ann"]
//     assertFalse: […]
//     assertCaveated: ['doc:plan#view@user:bob with {"day": 1}']
//   validation:                    the whole list of who holds something, see expected_text.h
//     doc:plan#view:
//       - "[user:ann] is <doc:plan#viewer>"
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/validation/expected_text.h"
#include "policy/validation/file_text.h"
#include "policy/validation/relationship_text.h"

namespace allauth::policy {

struct ValidationFile {
  struct Relationship : RelationshipText {
    Position at;
  };
  struct Grant {
    Position at;
    ObjectText object;
    std::string role;
    std::vector<std::string> actions = {};
    std::vector<std::string> denied = {};
  };
  struct Assertion {
    Position at;
    RelationshipText relationship;  // the relation is the permission asked for
    std::string context = {};       // JSON; empty: none
  };
  struct Expected : ExpectedText {
    Position at;
  };
  struct Holders {
    Position at;
    SubjectText place;  // doc:plan#view
    std::vector<Expected> subjects = {};
  };

  EmbeddedText schema = {};
  EmbeddedText schema_file = {};  // its name
  std::vector<Relationship> relationships = {};
  std::vector<Grant> grants = {};
  std::vector<Assertion> assert_true = {};
  std::vector<Assertion> assert_false = {};
  std::vector<Assertion> assert_caveated = {};
  std::vector<Holders> validation = {};
};

// One thing that is wrong with a file.
struct Mistake {
  Position at;
  Reason reason;
  std::string message;  // begins with a small letter, without a full stop
};

inline constexpr std::size_t kMaxValidationFile = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxMistakes = 100;  // more are not looked for

// Without a schema, too: it may come from elsewhere. The mistakes are in the order of the file.
// Reasons: validation.syntax (no YAML, or not of that form), validation.limit, relationship.invalid.
std::expected<ValidationFile, std::vector<Mistake>> read_validation_file(std::string_view text);

}  // namespace allauth::policy
