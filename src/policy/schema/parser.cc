#include "policy/schema/parser.h"

#include <array>

#include "policy/schema/lexer.h"

namespace allauth::policy {
namespace {

constexpr std::array<std::string_view, 6> kKeywords = {"definition", "caveat", "relation",
                                                       "permission", "nil",    "with"};

bool is_keyword(std::string_view word) {
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

// [a-z][a-z0-9_]{1,62}[a-z0-9]
bool is_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 64) return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return name.front() >= 'a' && name.front() <= 'z' && name.back() != '_';
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, const SchemaLimits& limits)
      : tokens_(std::move(tokens)), limits_(limits) {}

  Result<SourceAst> run() {
    SourceAst ast;
    while (true) {
      skip_terminators();
      if (peek().kind == Token::Kind::end) return ast;
      if (!peek().is("definition")) return unexpected_at_top();
      if (ast.definitions.size() == limits_.definitions)
        return fail_at(peek().at, "schema.limit",
                       fmt::format("more than {} definitions", limits_.definitions));
      TRY(auto definition, parse_definition());
      ast.definitions.push_back(std::move(definition));
    }
  }

 private:
  std::unexpected<Error> unexpected_at_top() {
    if (peek().is("caveat")) return unavailable_at(peek().at, "caveats are");
    if (peek().is("use") || peek().is("import") || peek().is("partial"))
      return unavailable_at(peek().at, fmt::format("`{}` is", peek().text));
    return unexpected("`definition`");
  }

  Result<SourceDefinition> parse_definition() {
    SourceDefinition definition;
    next();
    definition.at = peek().at;
    TRY(definition.name, parse_path());
    TRY(expect("{"));
    while (true) {
      skip_terminators();
      if (accept("}")) return definition;
      if (definition.relations.size() + definition.permissions.size() == limits_.members)
        return fail_at(peek().at, "schema.limit",
                       fmt::format("more than {} relations and permissions", limits_.members));
      if (accept("relation")) {
        TRY(auto relation, parse_relation());
        definition.relations.push_back(std::move(relation));
      } else if (accept("permission")) {
        TRY(auto permission, parse_permission());
        definition.permissions.push_back(std::move(permission));
      } else if (peek().is("...")) {
        return unavailable_at(peek().at, "partials are");
      } else {
        return unexpected("`relation`, `permission` or `}`");
      }
      if (peek().kind != Token::Kind::terminator) return unexpected("`;` or the end of the line");
    }
  }

  Result<SourceRelation> parse_relation() {
    SourceRelation relation;
    relation.at = peek().at;
    TRY(relation.name, parse_name());
    TRY(expect(":"));
    do {
      TRY(auto type, parse_type());
      relation.types.push_back(std::move(type));
    } while (accept("|"));
    if (accept("from")) {
      TRY(expect("grants"));
      relation.from_grants = true;
    }
    return relation;
  }

  Result<SourceType> parse_type() {
    SourceType type;
    type.at = peek().at;
    TRY(type.definition, parse_path());
    if (accept(":")) {
      TRY(expect("*"));
      type.wildcard = true;
    } else if (accept("#") && !accept("...")) {
      TRY(type.relation, parse_name());
    }
    if (peek().is("with")) return unavailable_at(peek().at, "`with` (caveats and expiration) is");
    return type;
  }

  Result<SourcePermission> parse_permission() {
    SourcePermission permission;
    permission.at = peek().at;
    TRY(permission.name, parse_name());
    if (peek().is(":")) return unavailable_at(peek().at, "type annotations are");
    TRY(expect("="));
    TRY(permission.expr, parse_exclusion());
    return permission;
  }

  using Rule = Result<SourceExpr> (Parser::*)();
  Result<SourceExpr> parse_exclusion() {
    return parse_chain("-", SourceExpr::Kind::exclusion, &Parser::parse_intersection);
  }
  Result<SourceExpr> parse_intersection() {
    return parse_chain("&", SourceExpr::Kind::intersection, &Parser::parse_union);
  }
  Result<SourceExpr> parse_union() { return parse_chain("+", SourceExpr::Kind::union_, &Parser::parse_base); }
  Result<SourceExpr> parse_chain(std::string_view op, SourceExpr::Kind kind, Rule operand) {
    TRY(auto first, (this->*operand)());
    if (!peek().is(op)) return first;
    SourceExpr chain{.kind = kind, .at = peek().at};
    chain.parts.push_back(std::move(first));
    while (accept(op)) {
      TRY(auto part, (this->*operand)());
      chain.parts.push_back(std::move(part));
    }
    return chain;
  }

  Result<SourceExpr> parse_base() {
    const Position at = peek().at;
    if (accept("nil")) return SourceExpr{.kind = SourceExpr::Kind::nil, .at = at};
    if (accept("(")) {
      if (++depth_ > limits_.depth)
        return fail_at(at, "schema.limit", fmt::format("more than {} nested parentheses", limits_.depth));
      TRY(auto inner, parse_exclusion());
      --depth_;
      TRY(expect(")"));
      if (peek().is("->") || peek().is(".")) return unexpected("an operator (an arrow starts at a relation)");
      return inner;
    }
    SourceExpr expr{.kind = SourceExpr::Kind::reference, .at = at};
    TRY(expr.name, parse_name());
    if (accept("->")) {
      expr.kind = SourceExpr::Kind::arrow;
      TRY(expr.target, parse_name());
    } else if (accept(".")) {
      expr.kind = SourceExpr::Kind::arrow;
      expr.all = peek().is("all");
      if (!accept("any") && !accept("all")) return unexpected("`any` or `all`");
      TRY(expect("("));
      TRY(expr.target, parse_name());
      TRY(expect(")"));
    }
    if (peek().is("->") || peek().is("."))
      return fail_at(peek().at, "schema.syntax", "an arrow cannot follow an arrow; name the middle step");
    return expr;
  }

  Result<std::string> parse_path() {
    TRY(std::string path, parse_name());
    while (accept("/")) {
      TRY(const std::string part, parse_name());
      path += '/';
      path += part;
    }
    return path;
  }

  Result<std::string> parse_name() {
    const Token& token = peek();
    if (token.kind != Token::Kind::word || is_keyword(token.text)) return unexpected("a name");
    if (!is_name(token.text))
      return fail_at(token.at, "schema.name",
                     fmt::format("`{}` is not a name: 3 to 64 characters of a-z 0-9 _, first a letter, last "
                                 "not _",
                                 token.text.substr(0, 80)));
    return std::string(next().text);
  }

  Result<void> expect(std::string_view text) {
    if (!accept(text)) return unexpected(fmt::format("`{}`", text));
    return {};
  }
  std::unexpected<Error> unexpected(std::string_view wanted) {
    const Token& token = peek();
    std::string found = fmt::format("`{}`", token.text.substr(0, 80));
    if (token.kind == Token::Kind::end) found = "the end of the schema";
    if (token.kind == Token::Kind::terminator && token.text.empty()) found = "the end of the line";
    return fail_at(token.at, "schema.syntax", fmt::format("expected {}, found {}", wanted, found));
  }

  bool accept(std::string_view text) {
    if (!peek().is(text)) return false;
    next();
    return true;
  }
  void skip_terminators() {
    while (peek().kind == Token::Kind::terminator) next();
  }
  const Token& peek() const { return tokens_[at_]; }
  const Token& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  std::vector<Token> tokens_;
  SchemaLimits limits_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

Result<SourceAst> parse_schema(std::string_view text, const SchemaLimits& limits) {
  if (text.size() > limits.text_bytes)
    return fail_at({}, "schema.limit", fmt::format("the schema is longer than {} bytes", limits.text_bytes));
  TRY(auto tokens, lex(text));
  return Parser(std::move(tokens), limits).run();
}

}  // namespace allauth::policy
