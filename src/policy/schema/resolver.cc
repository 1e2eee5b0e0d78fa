#include <algorithm>

#include "policy/schema/resolved_schema.h"

namespace allauth::policy {
namespace {

std::unexpected<Error> type_error(Position at, std::string_view message) {
  return fail_at(at, "schema.type", message);
}

class Resolver {
 public:
  explicit Resolver(const SourceAst& ast) : ast_(ast) { schema_.names.emplace_back(); }

  Result<ResolvedSchema> run() {
    TRY(declare());
    for (DefinitionId id = 0; id < ast_.definitions.size(); ++id) TRY(resolve_relations(id));
    for (DefinitionId id = 0; id < ast_.definitions.size(); ++id) TRY(check_grants(id));
    for (DefinitionId id = 0; id < ast_.definitions.size(); ++id) TRY(resolve_permissions(id));
    if (schema_.names.size() > kMaxName) return fail_at({}, "schema.limit", "too many different names");
    return std::move(schema_);
  }

 private:
  // All names first, so that the order of the text does not matter.
  Result<void> declare() {
    std::size_t members = 0;
    for (const SourceDefinition& source : ast_.definitions) {
      const auto id = static_cast<DefinitionId>(schema_.definitions.size());
      if (!definitions_.try_emplace(source.name, id).second)
        return type_error(source.at, fmt::format("`{}` is defined twice", source.name));
      ResolvedDefinition definition{.name = source.name};
      for (const SourceRelation& relation : source.relations) {
        const auto kind = relation.from_grants ? Member::Kind::granted : Member::Kind::relation;
        TRY(declare_member(definition, relation.at, kind, relation.name));
      }
      for (const SourcePermission& permission : source.permissions)
        TRY(declare_member(definition, permission.at, Member::Kind::permission, permission.name));
      members += definition.members.size();
      if (members > kMaxName) return fail_at(source.at, "schema.limit", "too many relations and permissions");
      schema_.definitions.push_back(std::move(definition));
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
    const auto& relations = ast_.definitions[id].relations;
    for (std::size_t i = 0; i < relations.size(); ++i) {
      for (const SourceType& type : relations[i].types) {
        TRY(const Form form, resolve_type(type));
        auto& forms = definition.members[i].forms;
        if (std::find(forms.begin(), forms.end(), form) != forms.end())
          return type_error(type.at, fmt::format("`{}` allows this type twice", relations[i].name));
        forms.push_back(form);
      }
    }
    return {};
  }

  Result<Form> resolve_type(const SourceType& type) {
    if (type.wildcard) return unavailable_at(type.at, "wildcards are");
    const auto found = definitions_.find(type.definition);
    if (found == definitions_.end())
      return type_error(type.at, fmt::format("there is no definition `{}`", type.definition));
    if (type.relation.empty()) return Form{found->second, kItself};
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
    const auto& source = ast_.definitions[id];
    ResolvedDefinition& definition = schema_.definitions[id];
    for (std::size_t i = 0; i < source.permissions.size(); ++i) {
      ResolvedMember& member = definition.members[source.relations.size() + i];
      TRY(flatten(id, source.permissions[i].expr, member.branches));
    }
    for (const ResolvedMember& member : definition.members) TRY(check_alias(definition, member));
    return {};
  }

  Result<void> flatten(DefinitionId id, const SourceExpr& expr, std::vector<ResolvedBranch>& branches) {
    switch (expr.kind) {
      case SourceExpr::Kind::nil:
        return {};
      case SourceExpr::Kind::intersection:
        return unavailable_at(expr.at, "intersection (&) is");
      case SourceExpr::Kind::exclusion:
        return unavailable_at(expr.at, "exclusion (-) is");
      case SourceExpr::Kind::union_:
        for (const SourceExpr& part : expr.parts) TRY(flatten(id, part, branches));
        return {};
      case SourceExpr::Kind::reference:
      case SourceExpr::Kind::arrow: {
        TRY(const ResolvedBranch branch, resolve_branch(id, expr));
        branches.push_back(branch);
        return {};
      }
    }
    return {};
  }

  Result<ResolvedBranch> resolve_branch(DefinitionId id, const SourceExpr& expr) {
    const std::string& definition = ast_.definitions[id].name;
    if (expr.all) return unavailable_at(expr.at, "`all` is");
    const ResolvedMember* member = find_member(id, expr.name);
    if (member == nullptr)
      return type_error(expr.at,
                        fmt::format("`{}` has no relation or permission `{}`", definition, expr.name));
    if (expr.kind == SourceExpr::Kind::reference) return ResolvedBranch{expr.at, member->name};
    if (member->kind != Member::Kind::relation)
      return type_error(expr.at,
                        fmt::format("an arrow starts at a stored relation, and `{}` is not one", expr.name));
    // The right side may be missing from some or all of the types: then nothing comes from there.
    const auto [target, fresh] = names_.try_emplace(expr.target, static_cast<NameId>(schema_.names.size()));
    if (fresh) schema_.names.push_back(expr.target);
    return ResolvedBranch{expr.at, member->name, target->second};
  }

  // permission a = b, permission b = a: means nothing, so it is a mistake.
  static Result<void> check_alias(const ResolvedDefinition& definition, const ResolvedMember& start) {
    const ResolvedMember* member = &start;
    for (std::size_t steps = 0; steps <= definition.members.size(); ++steps) {
      if (member->branches.size() != 1 || member->branches[0].target != kItself) return {};
      member = definition.find(member->branches[0].name);
    }
    return type_error(start.at, "this permission only stands for itself");
  }

  const ResolvedMember* find_member(DefinitionId id, const std::string& name) const {
    const auto found = names_.find(name);
    return found != names_.end() ? schema_.definitions[id].find(found->second) : nullptr;
  }

  const SourceAst& ast_;
  ResolvedSchema schema_;
  std::unordered_map<std::string, DefinitionId> definitions_;
  std::unordered_map<std::string, NameId> names_;
};

}  // namespace

Result<ResolvedSchema> resolve_schema(const SourceAst& ast) { return Resolver(ast).run(); }

}  // namespace allauth::policy
