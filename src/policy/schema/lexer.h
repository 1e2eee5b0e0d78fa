// Schema text to tokens. Internal to the schema compiler.
//
// White space is space and tab. A statement ends at ";" or, as in SpiceDB, at a line end (CR, LF or both)
// that follows a word, "}", ")" or "*"; so an expression goes on in the next line only after an operator.
// There are no numbers (digits belong to words) and no escapes in quoted text.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/schema/position.h"

namespace allauth::policy {

struct Token {
  enum class Kind {
    word,        // letters, digits, "_"; keywords too
    symbol,      // { } ( ) : | # = + - & * / , . < > ? ! [ ] % -> ...
    quoted,      // '…' "…" '''…''' """…"""; the text is what lies between
    terminator,  // ; or a line end that counts as one
    end,
  };
  Kind kind;
  std::string_view text;  // part of the schema text
  Position at;
  std::uint32_t comments = 0;  // how many comments come before it

  bool is(std::string_view wanted) const {
    return (kind == Kind::word || kind == Kind::symbol) && text == wanted;
  }
};

// Views of the schema text.
struct Lexed {
  std::vector<Token> tokens;               // the last one is the `end`
  std::vector<std::string_view> comments;  // with their delimiters
};

// `part` is what positions call the text (position.h). Errors: schema.syntax.
Result<Lexed> lex(std::string_view text, std::string_view part = {});

}  // namespace allauth::policy
