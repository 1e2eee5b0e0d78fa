// Where something stands in a schema text, and errors that say so. Internal to the schema compiler.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"

namespace allauth::policy {

struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;    // in bytes
  std::string_view part = {};  // of a schema of several texts, what this one is called; empty: the main one
};

// 12:3, supermq:12:3
inline std::string to_string(Position at) {
  return fmt::format("{}{}{}:{}", at.part, at.part.empty() ? "" : ":", at.line, at.column);
}

inline std::unexpected<Error> fail_at(Position at, Reason reason, std::string_view message,
                                      std::source_location where = std::source_location::current()) {
  return fail(Code::invalid, reason, fmt::format("{}: {}", to_string(at), message), "schema", {}, where);
}

// Part of the language, but not of this engine.
inline std::unexpected<Error> unavailable_at(Position at, std::string_view what,
                                             std::source_location where = std::source_location::current()) {
  return fail(Code::unsupported, "schema.unavailable",
              fmt::format("{}: {} not available yet.", to_string(at), what), "schema", {}, where);
}

}  // namespace allauth::policy
