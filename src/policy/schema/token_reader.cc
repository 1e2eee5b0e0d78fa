#include "policy/schema/token_reader.h"

#include <algorithm>
#include <array>

#include "policy/schema/names.h"

namespace allauth::policy {
namespace {

constexpr std::array<std::string_view, 6> kKeywords = {"definition", "caveat", "relation",
                                                       "permission", "nil",    "with"};

std::unexpected<Error> too_long(Position at, std::string_view path) {
  return fail_at(at, "schema.name",
                 fmt::format("`{}…` is longer than {} bytes", path.substr(0, 40), kMaxPath));
}

}  // namespace

bool TokenReader::accept(std::string_view text) {
  if (!peek().is(text)) return false;
  next();
  return true;
}

void TokenReader::skip_terminators() {
  while (peek().kind == Token::Kind::terminator) next();
}

Result<void> TokenReader::expect(std::string_view text) {
  if (!accept(text)) return unexpected(fmt::format("`{}`", text));
  return {};
}

Result<void> TokenReader::expect_terminator() {
  if (peek().kind != Token::Kind::terminator) return unexpected("`;` or the end of the line");
  next();
  return {};
}

std::unexpected<Error> TokenReader::unexpected(std::string_view wanted) const {
  const Token& token = peek();
  std::string found = fmt::format("`{}`", token.text.substr(0, 80));
  if (token.kind == Token::Kind::end) found = "the end of the schema";
  if (token.kind == Token::Kind::terminator && token.text.empty()) found = "the end of the line";
  if (token.kind == Token::Kind::quoted) found = "a quoted text";
  return fail_at(token.at, "schema.syntax", fmt::format("expected {}, found {}", wanted, found));
}

Result<std::string_view> TokenReader::word() {
  if (peek().kind != Token::Kind::word || is_keyword(peek().text)) return unexpected("a name");
  return next().text;
}

Result<std::string> TokenReader::name() {
  const Position at = peek().at;
  TRY(const std::string_view name, word());
  if (!is_name(name))
    return fail_at(at, "schema.name",
                   fmt::format("`{}` is not a name: 3 to 64 characters of a-z 0-9 _, first a letter, last "
                               "not _",
                               name.substr(0, 80)));
  return std::string(name);
}

Result<std::string> TokenReader::path() {
  const Position at = peek().at;
  TRY(std::string path, name());
  while (accept("/")) {
    TRY(const std::string part, name());
    path += '/';
    path += part;
    if (path.size() > kMaxPath) return too_long(at, path);
  }
  return path;
}

Result<std::string> TokenReader::caveat_path() {
  const Position at = peek().at;
  std::string path;
  do {
    TRY(const std::string_view part, word());
    if (!path.empty()) path += '/';
    path += part;
    if (path.size() > kMaxPath) return too_long(at, path);
  } while (accept("/"));
  return path;
}

DocComments TokenReader::comments() const {
  const std::uint32_t first = at_ == 0 ? 0 : lexed_.tokens[at_ - 1].comments;
  return {lexed_.comments.begin() + first, lexed_.comments.begin() + peek().comments};
}

bool TokenReader::uses(std::string_view flag) const {
  return std::find(uses_.begin(), uses_.end(), flag) != uses_.end();
}

bool TokenReader::is_keyword(std::string_view word) const {
  if (std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end()) return true;
  return word == "and" ? uses("expiration") : uses(word);
}

}  // namespace allauth::policy
