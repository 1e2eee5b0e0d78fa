// What `allauth policy validate` says about its files.
#pragma once

#include <string>
#include <vector>

#include "policy/validation/validate.h"

namespace allauth::server::cli {

struct ValidatedFile {
  std::string name;
  std::string schema_file = {};  // named by it; empty: none
  policy::Report report = {};
};

// Each finding as "FILE:LINE:COLUMN: what", its details indented below it, then a line that sums up, unless
// `quiet`. What came from the file is made printable.
std::string validation_as_text(const ValidatedFile& file, bool quiet);

// {"good":…,"files":[{"file":…,"good":…,"relationships":…,"assertions":{"all":…,"failed":…},
//   "expectations":{…},"findings":[{"kind":…,"file":…,"line":…,"column":…,"reason":…,"message":…,"details":[…]}]}]}
std::string validation_as_json(const std::vector<ValidatedFile>& files);

}  // namespace allauth::server::cli
