#include "policy/schema/lexer.h"

namespace allauth::policy {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Lexer {
 public:
  Lexer(std::string_view text, std::string_view part) : text_(text), position_{.part = part} {}

  Result<Lexed> run() {
    while (at_ < text_.size()) TRY(step());
    add_terminator();
    add(Token::Kind::end, 0);
    return std::move(lexed_);
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
      add_comment(end == std::string_view::npos ? rest().size() : end);
    } else if (rest().starts_with("/*")) {
      const std::size_t end = rest().find("*/", 2);
      if (end == std::string_view::npos)
        return fail_at(position_, "schema.syntax", "this comment is not closed");
      add_comment(end + 2);
    } else if (is_word(c)) {
      std::size_t length = 1;
      while (length < rest().size() && is_word(rest()[length])) ++length;
      add(Token::Kind::word, length);
    } else if (c == '"' || c == '\'') {
      return quoted();
    } else {
      return symbol();
    }
    return {};
  }

  Result<void> symbol() {
    constexpr std::string_view kSymbols = "{}():|#=+-&*/,.<>?![]%";
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

  // Three quotes open a text that may go over several lines.
  Result<void> quoted() {
    const bool triple = rest().starts_with("'''") || rest().starts_with("\"\"\"");
    const std::string_view quote = rest().substr(0, triple ? 3 : 1);
    const std::size_t end = rest().find(quote, quote.size());
    const bool closed = end != std::string_view::npos &&
                        (triple || rest().substr(0, end).find_first_of("\r\n") == std::string_view::npos);
    if (!closed) return fail_at(position_, "schema.syntax", "this text is not closed");
    add(Token::Kind::quoted, end + quote.size());
    std::string_view& text = lexed_.tokens.back().text;
    text = text.substr(quote.size(), end - quote.size());
    return {};
  }

  void add(Token::Kind kind, std::size_t length) {
    lexed_.tokens.push_back(
        {kind, rest().substr(0, length), position_, static_cast<std::uint32_t>(lexed_.comments.size())});
    advance(length);
  }

  void add_comment(std::size_t length) {
    lexed_.comments.push_back(rest().substr(0, length));
    advance(length);
  }

  void add_terminator() {
    if (lexed_.tokens.empty()) return;
    const Token& last = lexed_.tokens.back();
    if (last.kind == Token::Kind::word || last.is("}") || last.is(")") || last.is("*"))
      add(Token::Kind::terminator, 0);
  }

  void advance(std::size_t bytes) {
    for (; bytes > 0; --bytes, ++at_) {
      const bool pair = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
      if (text_[at_] == '\n' || (text_[at_] == '\r' && !pair)) {
        position_ = {position_.line + 1, 1, position_.part};
      } else {
        ++position_.column;
      }
    }
  }

  std::string_view rest() const { return text_.substr(at_); }

  std::string_view text_;
  std::size_t at_ = 0;
  Position position_;
  Lexed lexed_;
};

}  // namespace

Result<Lexed> lex(std::string_view text, std::string_view part) { return Lexer(text, part).run(); }

}  // namespace allauth::policy
