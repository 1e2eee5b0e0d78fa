// For tests: finds the public test suites, which are not part of this tree.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <boost/json.hpp>

namespace allauth::mqtt {

// ${ALLAUTH_SUITES}, else "shared/suites" beside the source tree. Nothing if there is no such folder.
inline std::optional<std::filesystem::path> find_suite(const std::string& name) {
  namespace fs = std::filesystem;
  const char* given = std::getenv("ALLAUTH_SUITES");
  const auto root = fs::path(__FILE__).parent_path() / ".." / ".." / "..";
  const auto folder = (given != nullptr ? fs::path(given) : root / ".." / "shared" / "suites") / name;
  if (!fs::is_directory(folder)) return std::nullopt;
  return folder;
}

inline boost::json::value read_json(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace allauth::mqtt
