// Schema text to tokens. Internal to the schema compiler.
//
// White space is space and tab. A statement ends at ";" or, as in SpiceDB, at a line end that follows a
// word, "}", ")" or "*"; so an expression goes on in the next line only after an operator.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/schema/position.h"

namespace allauth::policy {

struct Token {
  enum class Kind {
    word,        // letters, digits, "_"; keywords too
    symbol,      // { } ( ) : | # = + - & * / , . < > -> ...
    terminator,  // ; or a line end that counts as one
    end,
  };
  Kind kind;
  std::string_view text;  // part of the schema text
  Position at;

  bool is(std::string_view wanted) const {
    return (kind == Kind::word || kind == Kind::symbol) && text == wanted;
  }
};

// The last token is the `end`. Errors: schema.syntax.
Result<std::vector<Token>> lex(std::string_view text);

}  // namespace allauth::policy
