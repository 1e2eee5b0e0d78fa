// Every engine that the contract tests run on: one line each.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "store/sql/sqlite.h"

namespace allauth::store::testing {

// An engine over a folder; opening the same folder again finds what was stored.
struct Engine {
  std::string name;
  std::function<Result<std::unique_ptr<sql::Database>>(const std::string& folder)> open;
  friend void PrintTo(const Engine& engine, std::ostream* out) { *out << engine.name; }
};

inline std::vector<Engine> engines() {
  return {
      {"sqlite",
       [](const std::string& folder) { return sql::open_sqlite({.path = folder + "/allauth.db"}); }},
  };
}

}  // namespace allauth::store::testing
