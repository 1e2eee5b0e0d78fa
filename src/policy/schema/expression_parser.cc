#include "policy/schema/expression_parser.h"

namespace allauth::policy {
namespace {

class ExpressionParser {
 public:
  ExpressionParser(TokenReader& tokens, const SchemaLimits& limits) : tokens_(tokens), limits_(limits) {}

  Result<SourceExpr> exclusion() {
    return chain("-", SourceExpr::Kind::exclusion, &ExpressionParser::intersection);
  }

 private:
  using Rule = Result<SourceExpr> (ExpressionParser::*)();

  Result<SourceExpr> intersection() {
    return chain("&", SourceExpr::Kind::intersection, &ExpressionParser::union_of);
  }
  Result<SourceExpr> union_of() { return chain("+", SourceExpr::Kind::union_, &ExpressionParser::base); }

  Result<SourceExpr> chain(std::string_view op, SourceExpr::Kind kind, Rule operand) {
    TRY(auto first, (this->*operand)());
    if (!tokens_.peek().is(op)) return first;
    SourceExpr chain{.kind = kind, .at = tokens_.peek().at};
    chain.parts.push_back(std::move(first));
    while (tokens_.accept(op)) {
      TRY(auto part, (this->*operand)());
      chain.parts.push_back(std::move(part));
    }
    return chain;
  }

  Result<SourceExpr> base() {
    const Position at = tokens_.peek().at;
    if (++operands_ > limits_.operands)
      return fail_at(at, "schema.limit",
                     fmt::format("more than {} operands in one permission", limits_.operands));
    if (tokens_.accept("nil")) return SourceExpr{.kind = SourceExpr::Kind::nil, .at = at};
    if (tokens_.uses("self") && tokens_.accept("self"))
      return SourceExpr{.kind = SourceExpr::Kind::self, .at = at};
    if (tokens_.accept("(")) return parenthesis(at);
    return reference(at);
  }

  Result<SourceExpr> parenthesis(Position at) {
    if (++depth_ > limits_.depth)
      return fail_at(at, "schema.limit", fmt::format("more than {} nested parentheses", limits_.depth));
    TRY(auto inner, exclusion());
    --depth_;
    TRY(tokens_.expect(")"));
    if (tokens_.peek().is("->") || tokens_.peek().is("."))
      return tokens_.unexpected("an operator (an arrow starts at a relation)");
    return inner;
  }

  Result<SourceExpr> reference(Position at) {
    SourceExpr expr{.kind = SourceExpr::Kind::reference, .at = at};
    TRY(expr.name, tokens_.name());
    if (tokens_.accept("->")) {
      expr.kind = SourceExpr::Kind::arrow;
      TRY(expr.target, tokens_.name());
    } else if (tokens_.accept(".")) {
      expr.kind = SourceExpr::Kind::arrow;
      expr.all = tokens_.peek().is("all");
      if (!tokens_.accept("any") && !tokens_.accept("all")) return tokens_.unexpected("`any` or `all`");
      TRY(tokens_.expect("("));
      TRY(expr.target, tokens_.name());
      TRY(tokens_.expect(")"));
    }
    if (tokens_.peek().is("->") || tokens_.peek().is("."))
      return fail_at(tokens_.peek().at, "schema.syntax",
                     "an arrow cannot follow an arrow; name the middle step");
    return expr;
  }

  TokenReader& tokens_;
  const SchemaLimits& limits_;
  std::size_t depth_ = 0;
  std::size_t operands_ = 0;
};

}  // namespace

Result<SourceExpr> parse_expression(TokenReader& tokens, const SchemaLimits& limits) {
  return ExpressionParser(tokens, limits).exclusion();
}

}  // namespace allauth::policy
