// Does a schema say what a validation file expects of it? Pure: no files, no server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/validation/validation_file.h"

namespace allauth::policy {

struct ValidationOptions {
  // The file's definitions are those that an installation has beside the product's own (core_schema.h).
  bool with_core = false;
  // What the file that is named by `schemaFile` has in it.
  std::optional<EmbeddedText> schema_file = std::nullopt;
};

struct Finding {
  enum class Kind {
    mistake,      // the file cannot be understood, or contradicts its schema
    unavailable,  // part of SpiceDB's language that is not offered yet
    assertion,    // says something else than the schema does
    expectation,  // the same of a list of holders
    warning,      // odd, but allowed
  };
  Kind kind;
  Position at;
  std::string reason;                     // a slug, such as schema.syntax or assertion.failed
  std::string message;                    // begins with a small letter, without a full stop
  std::vector<std::string> details = {};  // lines: the explanation
  bool in_schema_file = false;            // that is where the position is
};

struct Report {
  struct Count {
    std::size_t all = 0;
    std::size_t failed = 0;
  };
  std::vector<Finding> findings = {};
  std::size_t relationships = 0;  // and grants
  Count assertions = {};
  Count expectations = {};  // lists of holders

  // Nothing but warnings was found.
  bool is_good() const;
};

// Reads the text as read_validation_file() does and compares. A file that has mistakes is not compared.
Report validate(const ValidationFile& file, const ValidationOptions& options);
Report report_of(const std::vector<Mistake>& mistakes);

std::string_view to_string(Finding::Kind kind);

}  // namespace allauth::policy
