// Every engine that the contract tests run on: one line each.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "store/sql/open.h"

namespace allauth::store::testing {

struct Engine {
  std::string name;
  // Where the database of a folder is: opening it again finds what was stored.
  std::function<std::string(const std::string& folder)> location;

  Result<std::unique_ptr<sql::Database>> open(const std::string& folder) const {
    static SystemClock clock;
    static Log log(clock, LogLevel::error, LogFormat::human, -1);
    return sql::open_database(location(folder), clock, log);
  }
  friend void PrintTo(const Engine& engine, std::ostream* out) { *out << engine.name; }
};

inline std::vector<Engine> engines() {
  return {
      {"sqlite", [](const std::string& folder) { return folder + "/allauth.db"; }},
  };
}

}  // namespace allauth::store::testing
