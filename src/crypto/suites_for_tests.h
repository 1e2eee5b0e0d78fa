// Third-party test data: ${ALLAUTH_SUITES}, or ../shared/suites beside the source tree. Tests only.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace allauth::crypto {

inline std::filesystem::path suites_folder() {
  if (const char* set = std::getenv("ALLAUTH_SUITES")) return set;
  // This file is src/crypto/… of the source tree.
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path() / "shared" /
         "suites";
}

// A JSON file of the suites; nothing if it is not there.
inline std::optional<boost::json::value> load_suite(const std::string& name) {
  std::ifstream in(suites_folder() / name, std::ios::binary);
  if (!in) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return boost::json::parse(text);
}

inline std::string text_at(const boost::json::value& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

}  // namespace allauth::crypto

// Declares `variable` as the file's JSON, or ends the test as skipped.
#define LOAD_SUITE_OR_SKIP(variable, name)                                                        \
  const auto variable##_loaded = ::allauth::crypto::load_suite(name);                             \
  if (!variable##_loaded) GTEST_SKIP() << "no " << (::allauth::crypto::suites_folder() / (name)); \
  const boost::json::value& variable = *variable##_loaded
