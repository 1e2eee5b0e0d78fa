#include "policy/schema/caveat_parser.h"

namespace allauth::policy {
namespace {

Result<SourceCaveatType> parse_type(TokenReader& tokens, std::size_t depth) {
  SourceCaveatType type{.at = tokens.peek().at, .name = {}};
  if (depth == 0) return fail_at(type.at, "schema.limit", "this type is nested too deeply");
  TRY(type.name, tokens.word());
  if (!tokens.accept("<")) return type;
  do {
    TRY(auto argument, parse_type(tokens, depth - 1));
    type.arguments.push_back(std::move(argument));
  } while (tokens.accept(","));
  TRY(tokens.expect(">"));
  return type;
}

Result<SourceName> parse_condition(TokenReader& tokens) {
  if (!tokens.peek().is("{")) return tokens.unexpected("`{`");
  const char* const begin = tokens.next().text.data() + 1;
  SourceName condition{.at = tokens.peek().at, .text = {}};
  for (std::size_t open = 1;; tokens.next()) {
    const Token& token = tokens.peek();
    if (token.kind == Token::Kind::end) return tokens.unexpected("`}` at the end of the caveat");
    if (token.is("{")) ++open;
    if (token.is("}") && --open == 0) {
      condition.text.assign(begin, token.text.data());
      tokens.next();
      return condition;
    }
  }
}

}  // namespace

Result<SourceCaveat> parse_caveat(TokenReader& tokens, const SchemaLimits& limits) {
  SourceCaveat caveat{.at = tokens.peek().at};
  TRY(caveat.name, tokens.caveat_path());
  TRY(tokens.expect("("));
  do {
    SourceCaveat::Parameter parameter;
    parameter.name.at = tokens.peek().at;
    if (caveat.parameters.size() == limits.parameters)
      return fail_at(parameter.name.at, "schema.limit",
                     fmt::format("more than {} parameters", limits.parameters));
    TRY(parameter.name.text, tokens.word());
    TRY(parameter.type, parse_type(tokens, limits.depth));
    caveat.parameters.push_back(std::move(parameter));
  } while (tokens.accept(","));
  TRY(tokens.expect(")"));
  TRY(caveat.condition, parse_condition(tokens));
  return caveat;
}

}  // namespace allauth::policy
