#include "policy/schema/parser.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "policy/schema/caveat_parser.h"
#include "policy/schema/expression_parser.h"
#include "policy/schema/token_reader.h"

namespace allauth::policy {
namespace {

constexpr std::array<std::string_view, 5> kFlags = {"expiration", "import", "partial", "self",
                                                    "typechecking"};

class Parser {
 public:
  Parser(Lexed lexed, const SchemaLimits& limits) : tokens_(std::move(lexed)), limits_(limits) {}

  Result<SourceAst> run() {
    while (true) {
      tokens_.skip_terminators();
      if (tokens_.peek().kind == Token::Kind::end) return std::move(ast_);
      if (++blocks_ > limits_.definitions)
        return fail_at(tokens_.peek().at, "schema.limit",
                       fmt::format("more than {} definitions and the like", limits_.definitions));
      TRY(parse_block());
    }
  }

 private:
  Result<void> parse_block() {
    DocComments comments = tokens_.comments();
    if (tokens_.accept("definition")) {
      TRY(auto definition, parse_definition());
      definition.comments = std::move(comments);
      ast_.definitions.push_back(std::move(definition));
    } else if (tokens_.accept("caveat")) {
      TRY(auto caveat, parse_caveat(tokens_, limits_));
      caveat.comments = std::move(comments);
      ast_.caveats.push_back(std::move(caveat));
    } else if (tokens_.uses("partial") && tokens_.accept("partial")) {
      TRY(auto partial, parse_definition());
      partial.comments = std::move(comments);
      ast_.partials.push_back(std::move(partial));
    } else if (tokens_.uses("import") && tokens_.accept("import")) {
      return parse_import();
    } else if (ast_.definitions.empty() && ast_.caveats.empty() && tokens_.accept("use")) {
      return parse_use();
    } else {
      return unexpected_block();
    }
    return {};
  }

  std::unexpected<Error> unexpected_block() {
    const Token& token = tokens_.peek();
    if (token.is("use"))
      return fail_at(token.at, "schema.syntax", "`use` comes before the first definition and caveat");
    if (token.is("partial") || token.is("import"))
      return fail_at(token.at, "schema.syntax",
                     fmt::format("`{0}` needs the line `use {0}` first", token.text));
    return tokens_.unexpected("`definition` or `caveat`");
  }

  Result<void> parse_use() {
    const Token flag = tokens_.next();
    if (flag.kind != Token::Kind::word || std::find(kFlags.begin(), kFlags.end(), flag.text) == kFlags.end())
      return fail_at(flag.at, "schema.syntax", fmt::format("`use` knows {}", fmt::join(kFlags, ", ")));
    if (!tokens_.uses(flag.text)) tokens_.use(flag.text);
    return {};
  }

  Result<void> parse_import() {
    if (tokens_.peek().kind != Token::Kind::quoted) return tokens_.unexpected("the name of a file in quotes");
    const Token& file = tokens_.next();
    ast_.imports.push_back({file.at, std::string(file.text)});
    return {};
  }

  Result<SourceDefinition> parse_definition() {
    SourceDefinition definition{.at = tokens_.peek().at};
    TRY(definition.name, tokens_.path());
    TRY(tokens_.expect("{"));
    while (true) {
      tokens_.skip_terminators();
      if (tokens_.accept("}")) return definition;
      TRY(parse_member(definition));
      TRY(tokens_.expect_terminator());
    }
  }

  Result<void> parse_member(SourceDefinition& definition) {
    const Position at = tokens_.peek().at;
    if (definition.relations.size() + definition.permissions.size() + definition.partials.size() ==
        limits_.members)
      return fail_at(at, "schema.limit",
                     fmt::format("more than {} relations and permissions", limits_.members));
    DocComments comments = tokens_.comments();
    if (tokens_.accept("relation")) {
      TRY(auto relation, parse_relation());
      relation.comments = std::move(comments);
      definition.relations.push_back(std::move(relation));
    } else if (tokens_.accept("permission")) {
      TRY(auto permission, parse_permission());
      permission.comments = std::move(comments);
      definition.permissions.push_back(std::move(permission));
    } else if (tokens_.accept("...")) {
      TRY(auto partial, tokens_.path());
      definition.partials.push_back({at, std::move(partial)});
    } else {
      return tokens_.unexpected("`relation`, `permission` or `}`");
    }
    return {};
  }

  Result<SourceRelation> parse_relation() {
    SourceRelation relation{.at = tokens_.peek().at};
    TRY(relation.name, tokens_.name());
    TRY(tokens_.expect(":"));
    do {
      if (relation.types.size() == limits_.types)
        return fail_at(tokens_.peek().at, "schema.limit",
                       fmt::format("more than {} types of one relation", limits_.types));
      TRY(auto type, parse_type());
      relation.types.push_back(std::move(type));
    } while (tokens_.accept("|"));
    if (tokens_.accept("from")) {
      relation.never_denied = tokens_.accept("allow");
      TRY(tokens_.expect("grants"));
      relation.from_grants = true;
    }
    return relation;
  }

  Result<SourceType> parse_type() {
    SourceType type{.at = tokens_.peek().at, .definition = {}};
    TRY(type.definition, tokens_.path());
    if (tokens_.accept(":")) {
      TRY(tokens_.expect("*"));
      type.wildcard = true;
    } else if (tokens_.accept("#") && !tokens_.accept("...")) {
      TRY(type.relation, tokens_.name());
    }
    if (tokens_.accept("with")) TRY(parse_trait(type));
    return type;
  }

  Result<void> parse_trait(SourceType& type) {
    type.caveat.at = tokens_.peek().at;
    if (tokens_.uses("expiration") && tokens_.accept("expiration")) {
      type.expiration = true;
      if (tokens_.peek().is("and"))
        return fail_at(tokens_.peek().at, "schema.syntax", "the caveat comes first: `with … and expiration`");
      return {};
    }
    TRY(type.caveat.text, tokens_.caveat_path());
    if (tokens_.uses("expiration") && tokens_.accept("and")) {
      TRY(tokens_.expect("expiration"));
      type.expiration = true;
    }
    return {};
  }

  Result<SourcePermission> parse_permission() {
    SourcePermission permission{.at = tokens_.peek().at};
    TRY(permission.name, tokens_.name());
    if (tokens_.uses("typechecking") && tokens_.accept(":")) TRY(parse_annotation(permission));
    TRY(tokens_.expect("="));
    TRY(permission.expr, parse_expression(tokens_, limits_));
    return permission;
  }

  Result<void> parse_annotation(SourcePermission& permission) {
    do {
      SourceName type{.at = tokens_.peek().at, .text = {}};
      if (permission.types.size() == limits_.types)
        return fail_at(type.at, "schema.limit", fmt::format("more than {} types", limits_.types));
      TRY(type.text, tokens_.path());
      permission.types.push_back(std::move(type));
    } while (tokens_.accept("|"));
    return {};
  }

  TokenReader tokens_;
  const SchemaLimits& limits_;
  SourceAst ast_;
  std::size_t blocks_ = 0;
};

}  // namespace

Result<SourceAst> parse_schema(std::string_view text, const SchemaLimits& limits, std::string_view part) {
  if (text.size() > limits.text_bytes)
    return fail_at({.part = part}, "schema.limit",
                   fmt::format("the schema is longer than {} bytes", limits.text_bytes));
  TRY(auto lexed, lex(text, part));
  return Parser(std::move(lexed), limits).run();
}

}  // namespace allauth::policy
