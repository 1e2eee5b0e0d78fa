// What a dialect makes of JSON. The programs that we stand in for were written with libraries that take more
// than RFC 8259, or less, and their clients rely on it; a profile says it once, and all reading and writing
// of the dialect goes by it. The defaults are the strictest.
//
// In every profile the text is UTF-8 without a byte order mark, escapes are proper UTF-16, comments are
// refused, and depth and size are bounded.
#pragma once

#include <cstddef>

namespace allauth::json {

enum class Names {
  exact,
  folded,  // "NAME" and "name" are one member, as for Go's structs and for .NET
};

enum class Twice {
  refused,    // which of the two counts is anybody's guess
  last_wins,  // Go, .NET
};

enum class Unknown { refused, ignored };

// What null is for a member that has another type.
enum class Null {
  refused,
  absent,  // as if it were not there: Go leaves the zero value
};

// What follows the document.
enum class Rest {
  refused,
  ignored,  // a Go decoder stops after the first value
};

struct ReadRules {
  Names names = Names::exact;
  Twice twice = Twice::refused;
  Unknown unknown = Unknown::refused;
  Null null = Null::refused;
  Rest rest = Rest::refused;
  bool trailing_commas = false;
  bool numbers_as_text = false;  // "12" where a number is asked for (.NET's web defaults)
  std::size_t bytes = 64 * 1024;
  std::size_t depth = 16;  // of arrays and objects within each other
};

enum class Escapes {
  least,  // what RFC 8259 §7 asks for
  html,   // also < > & and the line ends U+2028, U+2029 (Go)
  ascii,  // also ' + ` and all that is not ASCII (.NET's strictest encoder)
};

// What is written for a member that has no value.
enum class Absent { omitted, null };

struct WriteRules {
  Escapes escapes = Escapes::least;
  Absent absent = Absent::omitted;
  bool line_end = false;  // one "\n" behind the document (Go's encoder)
};

struct Profile {
  ReadRules read;
  WriteRules write;
};

}  // namespace allauth::json
