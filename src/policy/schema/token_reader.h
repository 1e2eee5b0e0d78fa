// Goes through the tokens of a schema: what comes next, and a clear error if that is not what the grammar
// wants. Knows which words are keywords. Internal to the schema compiler.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/schema/lexer.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

class TokenReader {
 public:
  explicit TokenReader(Lexed lexed) : lexed_(std::move(lexed)) {}

  const Token& peek() const { return lexed_.tokens[at_]; }
  const Token& next() { return lexed_.tokens[at_ + 1 < lexed_.tokens.size() ? at_++ : at_]; }
  bool accept(std::string_view text);
  void skip_terminators();

  // Errors of all that follows: schema.syntax, schema.name.
  Result<void> expect(std::string_view text);
  Result<void> expect_terminator();
  std::unexpected<Error> unexpected(std::string_view wanted) const;

  Result<std::string> name();         // of a relation or permission
  Result<std::string> path();         // of a definition: names with "/" between them
  Result<std::string> caveat_path();  // words with "/" between them
  Result<std::string_view> word();    // not a keyword
  DocComments comments() const;       // those right before the next token

  // `use flag`: its words are keywords from here on.
  void use(std::string_view flag) { uses_.push_back(flag); }
  bool uses(std::string_view flag) const;

 private:
  bool is_keyword(std::string_view word) const;

  Lexed lexed_;
  std::size_t at_ = 0;
  std::vector<std::string_view> uses_;
};

}  // namespace allauth::policy
