#include "policy/schema/caveat_rules.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace allauth::policy {
namespace {

struct KnownType {
  std::string_view name;
  std::size_t arguments;
};
constexpr std::array<KnownType, 12> kTypes = {{{"any", 0},
                                               {"bool", 0},
                                               {"bytes", 0},
                                               {"double", 0},
                                               {"duration", 0},
                                               {"int", 0},
                                               {"ipaddress", 0},
                                               {"list", 1},
                                               {"map", 1},
                                               {"string", 0},
                                               {"timestamp", 0},
                                               {"uint", 0}}};

Result<void> check_type(const SourceCaveatType& type) {
  const auto known =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const KnownType& k) { return k.name == type.name; });
  if (known == kTypes.end())
    return fail_at(type.at, "schema.name", fmt::format("caveats have no type `{}`", type.name));
  if (type.arguments.size() != known->arguments)
    return fail_at(
        type.at, "schema.name",
        fmt::format("`{}` takes {}", type.name, known->arguments == 0 ? "no type in <>" : "one type in <>"));
  for (const SourceCaveatType& argument : type.arguments) TRY(check_type(argument));
  return {};
}

Result<void> check_parameters(const SourceCaveat& caveat) {
  std::unordered_set<std::string_view> names;
  for (const SourceCaveat::Parameter& parameter : caveat.parameters) {
    if (!names.insert(parameter.name.text).second)
      return fail_at(parameter.name.at, "schema.name",
                     fmt::format("`{}` has two parameters `{}`", caveat.name, parameter.name.text));
    TRY(check_type(parameter.type));
  }
  return {};
}

// Calls f for each type that a relation allows, until it fails.
template <class F>
Result<void> each_type(const SourceAst& ast, F&& f) {
  for (const SourceDefinition& definition : ast.definitions) {
    for (const SourceRelation& relation : definition.relations) {
      for (const SourceType& type : relation.types) TRY(f(type));
    }
  }
  return {};
}

Result<void> check_names(const SourceAst& ast) {
  std::unordered_set<std::string_view> names;
  for (const SourceDefinition& definition : ast.definitions) names.insert(definition.name);
  for (const SourceCaveat& caveat : ast.caveats) {
    if (!names.insert(caveat.name).second)
      return fail_at(caveat.at, "schema.name", fmt::format("`{}` is defined twice", caveat.name));
  }
  return each_type(ast, [&](const SourceType& type) -> Result<void> {
    const std::string& wanted = type.caveat.text;
    const bool known =
        wanted.empty() || std::any_of(ast.caveats.begin(), ast.caveats.end(),
                                      [&](const auto& caveat) { return caveat.name == wanted; });
    if (known) return {};
    return fail_at(type.caveat.at, "schema.type",
                   fmt::format("there is no caveat `{}`{}", wanted,
                               wanted == "expiration" ? "; expiration needs the line `use expiration`" : ""));
  });
}

}  // namespace

Result<void> check_caveats(const SourceAst& ast) {
  for (const SourceCaveat& caveat : ast.caveats) TRY(check_parameters(caveat));
  TRY(check_names(ast));
  if (!ast.caveats.empty()) return unavailable_at(ast.caveats[0].at, "caveats are");
  return each_type(ast, [](const SourceType& type) -> Result<void> {
    if (type.expiration) return unavailable_at(type.caveat.at, "expiration is");
    return {};
  });
}

}  // namespace allauth::policy
