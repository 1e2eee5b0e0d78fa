#include "policy/schema/lexer.h"

namespace allauth::policy {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (at_ < text_.size()) TRY(step());
    add_terminator();
    tokens_.push_back({Token::Kind::end, {}, position_});
    return std::move(tokens_);
  }

 private:
  Result<void> step() {
    const char c = text_[at_];
    if (c == ' ' || c == '\t') {
      advance(1);
    } else if (c == '\n' || c == '\r') {
      add_terminator();
      advance(1);
    } else if (rest().starts_with("//")) {
      const std::size_t end = rest().find_first_of("\r\n");
      advance(end == std::string_view::npos ? rest().size() : end);
    } else if (rest().starts_with("/*")) {
      const std::size_t end = rest().find("*/", 2);
      if (end == std::string_view::npos)
        return fail_at(position_, "schema.syntax", "this comment is not closed");
      advance(end + 2);
    } else if (is_word(c)) {
      std::size_t length = 1;
      while (length < rest().size() && is_word(rest()[length])) ++length;
      add(Token::Kind::word, length);
    } else {
      return symbol();
    }
    return {};
  }

  Result<void> symbol() {
    constexpr std::string_view kSymbols = "{}():|#=+-&*/,.<>";
    if (rest().front() == ';') {
      add(Token::Kind::terminator, 1);
    } else if (rest().starts_with("->")) {
      add(Token::Kind::symbol, 2);
    } else if (rest().starts_with("...")) {
      add(Token::Kind::symbol, 3);
    } else if (kSymbols.find(rest().front()) != std::string_view::npos) {
      add(Token::Kind::symbol, 1);
    } else {
      return fail_at(position_, "schema.syntax", "this character has no meaning here");
    }
    return {};
  }

  void add(Token::Kind kind, std::size_t length) {
    tokens_.push_back({kind, rest().substr(0, length), position_});
    advance(length);
  }

  void add_terminator() {
    if (tokens_.empty()) return;
    const Token& last = tokens_.back();
    if (last.kind == Token::Kind::word || last.is("}") || last.is(")") || last.is("*"))
      tokens_.push_back({Token::Kind::terminator, {}, position_});
  }

  void advance(std::size_t bytes) {
    for (const char c : rest().substr(0, bytes)) {
      if (c == '\n') {
        position_ = {position_.line + 1, 1};
      } else {
        ++position_.column;
      }
    }
    at_ += bytes;
  }

  std::string_view rest() const { return text_.substr(at_); }

  std::string_view text_;
  std::size_t at_ = 0;
  Position position_;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> lex(std::string_view text) { return Lexer(text).run(); }

}  // namespace allauth::policy
