#include "policy/schema/own_schema.h"

#include <algorithm>
#include <iterator>

#include "policy/schema/parser.h"

namespace allauth::policy {
namespace {

Result<void> check_own(const SourceAst& schema, const SourceDefinition& own) {
  if (std::ranges::find(schema.definitions, own.name, &SourceDefinition::name) != schema.definitions.end())
    return fail_at(own.at, "schema.own",
                   fmt::format("`{}` is a definition of the product, which cannot be changed", own.name));
  if (own.name.find('/') == std::string::npos)
    return fail_at(own.at, "schema.own",
                   fmt::format("`{0}` needs a prefix of your own, such as `shop/{0}`, by which it is told "
                               "from the definitions of the product",
                               own.name));
  for (const SourceRelation& relation : own.relations)
    if (relation.from_grants)
      return fail_at(relation.at, "schema.own",
                     fmt::format("`{}` cannot come from grants: roles grant actions of the product's "
                                 "definitions only",
                                 relation.name));
  return {};
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  std::ranges::move(from, std::back_inserter(to));
}

}  // namespace

Result<void> add_own(SourceAst& schema, std::string_view text, const SchemaLimits& limits) {
  TRY(SourceAst own, parse_schema(text, limits));
  for (const SourceDefinition& definition : own.definitions) TRY(check_own(schema, definition));
  append(schema.definitions, std::move(own.definitions));
  append(schema.partials, std::move(own.partials));
  append(schema.caveats, std::move(own.caveats));
  append(schema.imports, std::move(own.imports));
  return {};
}

}  // namespace allauth::policy
