// Every engine that the contract tests run on: one line each.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "store/sql/open.h"
#include "store/testing/postgres_cluster.h"

namespace allauth::store::testing {

struct Engine {
  std::string name;
  // Where the database of a folder is: opening it again finds what was stored.
  std::function<std::string(const std::string& folder)> location;
  // Why it cannot be had here; empty if it can.
  std::string missing{};

  Result<std::unique_ptr<sql::Database>> open(const std::string& folder) const {
    static SystemClock clock;
    static Log log(clock, LogLevel::error, LogFormat::human, -1);
    return sql::open_database(location(folder), clock, log);
  }
  friend void PrintTo(const Engine& engine, std::ostream* out) { *out << engine.name; }
};

// One schema of the shared cluster for each folder.
inline std::string postgres_location(const std::string& folder) {
  static std::map<std::string, std::string> locations;
  auto& location = locations[folder];
  if (location.empty()) location = PostgresCluster::shared().fresh_schema();
  return location;
}

inline std::vector<Engine> engines() {
  return {
      {"sqlite", [](const std::string& folder) { return folder + "/allauth.db"; }},
      {"postgres", postgres_location, PostgresCluster::missing()},
  };
}

// For the SetUp() of tests over engines.
#define SKIP_IF_MISSING(engine) \
  if (!(engine).missing.empty()) GTEST_SKIP() << (engine).missing

}  // namespace allauth::store::testing
