// For tests: SpiceDB's consistency files, which are not part of this tree.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace allauth::policy {

// $ALLAUTH_SUITES, or beside the tree.
inline std::filesystem::path suite_folder() {
  const char* const given = std::getenv("ALLAUTH_SUITES");
  const auto tree = std::filesystem::path(__FILE__).parent_path() / ".." / ".." / "..";
  return (given != nullptr ? std::filesystem::path(given) : tree / ".." / "shared" / "suites") / "spicedb" /
         "consistency";
}

// Also the file that upstream's own runner skips. Sorted; none if the folder is not there.
inline std::vector<std::string> suite_files() {
  std::vector<std::string> names;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(suite_folder(), absent)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".yaml") || name.ends_with(".yaml.skip")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace allauth::policy
