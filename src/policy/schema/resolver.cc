#include <algorithm>

#include "policy/schema/caveat_rules.h"
#include "policy/schema/resolved_schema.h"
#include "policy/schema/schema_rules.h"

namespace allauth::policy {
namespace {

std::unexpected<Error> type_error(Position at, std::string_view message) {
  return fail_at(at, "schema.type", message);
}

// Numbers are given once and not again: those of what is gone stay with it.
constexpr std::size_t kMaxDefinitions = 4096;

std::unexpected<Error> numbers_run_out(std::string_view of_what) {
  return fail_at({}, "schema.limit",
                 fmt::format("too many different {}, with those of all schemas since the start; when the "
                             "server is started anew, only those in use count",
                             of_what));
}

class Resolver {
 public:
  Resolver(const SourceAst& ast, const CompiledSchema* before) : ast_(ast) {
    schema_.names.emplace_back();
    if (before != nullptr) go_on(*before);
  }

  Result<ResolvedSchema> run() {
    TRY(declare());
    for (const DefinitionId id : in_order_) TRY(resolve_relations(id));
    for (const DefinitionId id : in_order_) TRY(check_grants(id));
    for (const DefinitionId id : in_order_) TRY(resolve_permissions(id));
    if (schema_.names.size() > kMaxName) return numbers_run_out("names of relations and permissions");
    return std::move(schema_);
  }

 private:
  // What has a number keeps it.
  void go_on(const CompiledSchema& before) {
    for (std::size_t id = 1; id < before.name_count(); ++id) {
      schema_.names.emplace_back(before.name(static_cast<NameId>(id)));
      names_.emplace(schema_.names.back(), static_cast<NameId>(id));
    }
    for (std::size_t id = 0; id < before.definition_count(); ++id) {
      schema_.definitions.push_back(
          {.name = std::string(before.definition_name(static_cast<DefinitionId>(id)))});
      definitions_.emplace(schema_.definitions.back().name, static_cast<DefinitionId>(id));
    }
  }

  // All names first, so that the order of the text does not matter.
  Result<void> declare() {
    std::size_t members = 0;
    for (const SourceDefinition& source : ast_.definitions) {
      const auto next = static_cast<DefinitionId>(schema_.definitions.size());
      const auto [known, fresh] = definitions_.try_emplace(source.name, next);
      if (fresh) schema_.definitions.push_back({.name = source.name});
      if (schema_.definitions.size() > kMaxDefinitions) return numbers_run_out("definitions");
      ResolvedDefinition& definition = schema_.definitions[known->second];
      if (definition.source != nullptr)
        return fail_at(source.at, "schema.name", fmt::format("`{}` is defined twice", source.name));
      definition.source = &source;
      in_order_.push_back(known->second);
      for (const SourceRelation& relation : source.relations) {
        const auto kind = relation.from_grants ? Member::Kind::granted : Member::Kind::relation;
        TRY(declare_member(definition, relation.at, kind, relation.name));
      }
      for (const SourcePermission& permission : source.permissions)
        TRY(declare_member(definition, permission.at, Member::Kind::permission, permission.name));
      members += definition.members.size();
      if (members > kMaxName) return fail_at(source.at, "schema.limit", "too many relations and permissions");
    }
    return {};
  }

  Result<void> declare_member(ResolvedDefinition& definition, Position at, Member::Kind kind,
                              const std::string& name) {
    const auto [known, fresh] = names_.try_emplace(name, static_cast<NameId>(schema_.names.size()));
    if (fresh) schema_.names.push_back(name);
    if (!definition.index.try_emplace(known->second, definition.members.size()).second)
      return type_error(at, fmt::format("`{}` is declared twice in `{}`; relations and permissions need "
                                        "different names",
                                        name, definition.name));
    definition.members.push_back({.at = at, .kind = kind, .name = known->second});
    return {};
  }

  Result<void> resolve_relations(DefinitionId id) {
    ResolvedDefinition& definition = schema_.definitions[id];
    const auto& relations = definition.source->relations;
    for (std::size_t i = 0; i < relations.size(); ++i) {
      definition.members[i].never_denied = relations[i].never_denied;
      for (const SourceType& type : relations[i].types) {
        TRY(const Form form, resolve_type(type));
        definition.members[i].forms.push_back(form);
        definition.members[i].wildcard = definition.members[i].wildcard || form.wildcard;
      }
    }
    return {};
  }

  Result<Form> resolve_type(const SourceType& type) {
    const auto found = definitions_.find(type.definition);
    if (found == definitions_.end() || schema_.definitions[found->second].source == nullptr)
      return type_error(type.at, fmt::format("there is no definition `{}`", type.definition));
    if (type.relation.empty()) return Form{found->second, kItself, type.wildcard};
    const ResolvedMember* member = find_member(found->second, type.relation);
    if (member == nullptr)
      return type_error(
          type.at, fmt::format("`{}` has no relation or permission `{}`", type.definition, type.relation));
    return Form{found->second, member->name};
  }

  // All relations from grants of a definition are held by members of one kind of role.
  Result<void> check_grants(DefinitionId id) {
    ResolvedDefinition& definition = schema_.definitions[id];
    for (const ResolvedMember& member : definition.members) {
      if (member.kind != Member::Kind::granted) continue;
      if (member.forms.size() != 1 || member.forms[0].relation == kItself)
        return type_error(member.at, "a relation from grants has one type, such as role#member");
      const Form form = member.forms[0];
      const ResolvedMember& held = *schema_.definitions[form.definition].find(form.relation);
      if (held.kind != Member::Kind::relation)
        return type_error(member.at, "a relation from grants is held through a stored relation of the role");
      const GrantRole role{form.definition, form.relation};
      if (definition.grant_role && *definition.grant_role != role)
        return type_error(
            member.at, fmt::format("all relations from grants of `{}` need the same type", definition.name));
      definition.grant_role = role;
    }
    return {};
  }

  Result<void> resolve_permissions(DefinitionId id) {
    ResolvedDefinition& definition = schema_.definitions[id];
    const SourceDefinition& source = *definition.source;
    for (std::size_t i = 0; i < source.permissions.size(); ++i) {
      ResolvedMember& member = definition.members[source.relations.size() + i];
      TRY(member.expr, resolve_expr(id, source.permissions[i].expr));
    }
    return {};
  }

  Result<ResolvedExpr> resolve_expr(DefinitionId id, const SourceExpr& source) {
    switch (source.kind) {
      case SourceExpr::Kind::nil:
        return ResolvedExpr{.kind = ResolvedExpr::Kind::nil, .at = source.at};
      case SourceExpr::Kind::self:
        return ResolvedExpr{.kind = ResolvedExpr::Kind::self, .at = source.at};
      case SourceExpr::Kind::reference:
        return resolve_reference(id, source);
      case SourceExpr::Kind::arrow:
        return resolve_arrow(id, source);
      case SourceExpr::Kind::union_:
        return resolve_parts(id, source, ResolvedExpr::Kind::union_);
      case SourceExpr::Kind::intersection:
        return resolve_parts(id, source, ResolvedExpr::Kind::intersection);
      case SourceExpr::Kind::exclusion:
        return resolve_parts(id, source, ResolvedExpr::Kind::exclusion);
    }
    return ResolvedExpr{};
  }

  Result<ResolvedExpr> resolve_parts(DefinitionId id, const SourceExpr& source, ResolvedExpr::Kind kind) {
    ResolvedExpr expr{.kind = kind, .at = source.at};
    for (const SourceExpr& from : source.parts) {
      TRY(ResolvedExpr part, resolve_expr(id, from));
      if (part.kind == kind && kind != ResolvedExpr::Kind::exclusion)
        std::move(part.parts.begin(), part.parts.end(), std::back_inserter(expr.parts));
      else
        expr.parts.push_back(std::move(part));
    }
    return expr;
  }

  Result<ResolvedExpr> resolve_reference(DefinitionId id, const SourceExpr& source) {
    const ResolvedMember* member = find_member(id, source.name);
    if (member == nullptr)
      return type_error(source.at, fmt::format("`{}` has no relation or permission `{}`",
                                               schema_.definitions[id].name, source.name));
    return ResolvedExpr{.kind = ResolvedExpr::Kind::reference, .at = source.at, .name = member->name};
  }

  Result<ResolvedExpr> resolve_arrow(DefinitionId id, const SourceExpr& source) {
    TRY(ResolvedExpr arrow, resolve_reference(id, source));
    if (schema_.definitions[id].find(arrow.name)->kind != Member::Kind::relation)
      return type_error(
          source.at, fmt::format("an arrow starts at a stored relation, and `{}` is not one", source.name));
    // The right side may be missing from some or all of the types: then nothing comes from there.
    const auto [target, fresh] = names_.try_emplace(source.target, static_cast<NameId>(schema_.names.size()));
    if (fresh) schema_.names.push_back(source.target);
    arrow.kind = ResolvedExpr::Kind::arrow;
    arrow.target = target->second;
    arrow.all = source.all;
    return arrow;
  }

  const ResolvedMember* find_member(DefinitionId id, const std::string& name) const {
    const auto found = names_.find(name);
    return found != names_.end() ? schema_.definitions[id].find(found->second) : nullptr;
  }

  const SourceAst& ast_;
  ResolvedSchema schema_;
  std::vector<DefinitionId> in_order_;                         // of the text
  std::unordered_map<std::string, DefinitionId> definitions_;  // also those that are gone
  std::unordered_map<std::string, NameId> names_;
};

}  // namespace

Result<ResolvedSchema> resolve_schema(const SourceAst& ast, const CompiledSchema* before) {
  if (!ast.imports.empty()) return unavailable_at(ast.imports[0].at, "imports are");
  if (!ast.partials.empty()) return unavailable_at(ast.partials[0].at, "partials are");
  for (const SourceDefinition& definition : ast.definitions) {
    if (!definition.partials.empty()) return unavailable_at(definition.partials[0].at, "partials are");
  }
  TRY(ResolvedSchema schema, Resolver(ast, before).run());
  TRY(check_rules(schema));
  TRY(check_caveats(ast));
  return schema;
}

}  // namespace allauth::policy
