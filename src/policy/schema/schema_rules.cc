#include "policy/schema/schema_rules.h"

#include <set>
#include <tuple>

namespace allauth::policy {
namespace {

std::unexpected<Error> type_error(Position at, std::string_view message) {
  return fail_at(at, "schema.type", message);
}

// `source` and `member` are the same relation.
Result<void> check_types(const SourceRelation& source, const ResolvedMember& member,
                         const ResolvedSchema& schema) {
  std::set<std::tuple<DefinitionId, NameId, bool, std::string_view, bool>> before;
  for (std::size_t i = 0; i < source.types.size(); ++i) {
    const SourceType& type = source.types[i];
    const Form& form = member.forms[i];
    const std::tuple one(form.definition, form.relation, form.wildcard, std::string_view(type.caveat.text),
                         type.expiration);
    if (!before.insert(one).second)
      return type_error(type.at, fmt::format("`{}` allows this type twice", source.name));
    if (form.relation != kItself && schema.definitions[form.definition].find(form.relation)->wildcard)
      return type_error(type.at,
                        fmt::format("`{}#{}` allows everybody (a wildcard), so it cannot be a subject",
                                    type.definition, type.relation));
  }
  return {};
}

Result<void> check_arrows(const ResolvedDefinition& definition, const ResolvedMember& member,
                          const ResolvedSchema& schema) {
  Result<void> checked;
  for_each_part(member.expr, [&](const ResolvedExpr& part) {
    if (!checked || part.kind != ResolvedExpr::Kind::arrow || !definition.find(part.name)->wildcard) return;
    checked =
        type_error(part.at, fmt::format("an arrow cannot start at `{}`, which allows everybody (a wildcard)",
                                        schema.names[part.name]));
  });
  return checked;
}

// permission a = b, permission b = a: means nothing, so it is a mistake.
Result<void> check_alias(const ResolvedDefinition& definition, const ResolvedMember& start) {
  const ResolvedMember* member = &start;
  for (std::size_t steps = 0; steps <= definition.members.size(); ++steps) {
    if (member->expr.kind != ResolvedExpr::Kind::reference) return {};
    member = definition.find(member->expr.name);
  }
  return type_error(start.at, "this permission only stands for itself");
}

// By definition.
Result<std::vector<bool>> types_behind(const SourcePermission& permission, const CompiledSchema& compiled) {
  std::vector<bool> types(compiled.definition_count());
  for (const SourceName& type : permission.types) {
    const auto id = compiled.find_definition(type.text);
    if (!id) return type_error(type.at, fmt::format("there is no definition `{}`", type.text));
    types[*id] = true;
  }
  return types;
}

Result<void> check_annotation(const SourcePermission& permission, MemberId member,
                              const CompiledSchema& compiled) {
  if (permission.types.empty()) return {};
  TRY(const auto types, types_behind(permission, compiled));
  for (DefinitionId kind = 0; kind < types.size(); ++kind) {
    if (!types[kind] && compiled.reaches(member, kind))
      return type_error(permission.at,
                        fmt::format("`{}` can be held by a {}, which is not among the types behind it",
                                    permission.name, compiled.definition_name(kind)));
  }
  return {};
}

}  // namespace

Result<void> check_rules(const ResolvedSchema& schema) {
  for (DefinitionId id = 0; id < schema.definitions.size(); ++id) {
    const ResolvedDefinition& definition = schema.definitions[id];
    if (definition.source == nullptr) continue;
    const SourceDefinition& source = *definition.source;
    const ResolvedMember* member = definition.members.data();
    for (const SourceRelation& relation : source.relations) TRY(check_types(relation, *member++, schema));
    for (std::size_t i = 0; i < source.permissions.size(); ++i, ++member) {
      TRY(check_arrows(definition, *member, schema));
      TRY(check_alias(definition, *member));
    }
  }
  return {};
}

Result<void> check_annotations(const ResolvedSchema& schema, const CompiledSchema& compiled) {
  for (DefinitionId id = 0; id < schema.definitions.size(); ++id) {
    const SourceDefinition* source = schema.definitions[id].source;
    if (source == nullptr) continue;
    for (const SourcePermission& permission : source->permissions) {
      const Member& member = *compiled.find_member(id, permission.name);
      TRY(check_annotation(permission, compiled.id(member), compiled));
    }
  }
  return {};
}

}  // namespace allauth::policy
