#include "policy/schema/schema_rules.h"

#include <algorithm>
#include <set>

namespace allauth::policy {
namespace {

std::unexpected<Error> type_error(Position at, std::string_view message) {
  return fail_at(at, "schema.type", message);
}

bool allows_wildcard(const ResolvedMember& member) {
  return std::any_of(member.forms.begin(), member.forms.end(),
                     [](const Form& form) { return form.wildcard; });
}

bool same_form(const SourceType& a, const SourceType& b) {
  return a.definition == b.definition && a.relation == b.relation && a.wildcard == b.wildcard &&
         a.caveat.text == b.caveat.text && a.expiration == b.expiration;
}

// `source` and `member` are the same relation.
Result<void> check_types(const SourceRelation& source, const ResolvedMember& member,
                         const ResolvedSchema& schema) {
  for (std::size_t i = 0; i < source.types.size(); ++i) {
    const SourceType& type = source.types[i];
    const auto before = source.types.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(source.types.begin(), before, [&](const auto& other) { return same_form(other, type); }))
      return type_error(type.at, fmt::format("`{}` allows this type twice", source.name));
    const Form& form = member.forms[i];
    if (form.relation != kItself && allows_wildcard(*schema.definitions[form.definition].find(form.relation)))
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
    if (!checked || part.kind != ResolvedExpr::Kind::arrow || !allows_wildcard(*definition.find(part.name)))
      return;
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

// Which kinds of objects can hold a member at all, as far as the schema says.
class Holders {
 public:
  explicit Holders(const ResolvedSchema& schema) : schema_(schema) {}

  std::set<DefinitionId> of(DefinitionId definition, NameId member) {
    visit(definition, member);
    for (std::size_t i = 0; i < todo_.size(); ++i) {
      const auto [at, name] = todo_[i];
      const ResolvedMember& next = *schema_.definitions[at].find(name);
      for (const Form& form : next.forms) {
        if (form.relation == kItself)
          found_.insert(form.definition);
        else
          visit(form.definition, form.relation);
      }
      follow(at, next.expr);
    }
    return std::move(found_);
  }

 private:
  void follow(DefinitionId at, const ResolvedExpr& expr) {
    switch (expr.kind) {
      case ResolvedExpr::Kind::nil:
        return;
      case ResolvedExpr::Kind::self:
        found_.insert(at);
        return;
      case ResolvedExpr::Kind::reference:
        return visit(at, expr.name);
      case ResolvedExpr::Kind::arrow:
        for (const Form& form : schema_.definitions[at].find(expr.name)->forms)
          visit(form.definition, expr.target);
        return;
      case ResolvedExpr::Kind::exclusion:
        return follow(at, expr.parts[0]);
      case ResolvedExpr::Kind::union_:
      case ResolvedExpr::Kind::intersection:
        for (const ResolvedExpr& part : expr.parts) follow(at, part);
        return;
    }
  }

  void visit(DefinitionId definition, NameId member) {
    if (schema_.definitions[definition].find(member) != nullptr && seen_.emplace(definition, member).second)
      todo_.emplace_back(definition, member);
  }

  const ResolvedSchema& schema_;
  std::set<std::pair<DefinitionId, NameId>> seen_;
  std::vector<std::pair<DefinitionId, NameId>> todo_;
  std::set<DefinitionId> found_;
};

Result<void> check_annotation(const SourcePermission& source, DefinitionId id, NameId name,
                              const ResolvedSchema& schema) {
  if (source.types.empty()) return {};
  for (const SourceName& type : source.types) {
    if (std::none_of(schema.definitions.begin(), schema.definitions.end(),
                     [&](const auto& one) { return one.source != nullptr && one.name == type.text; }))
      return type_error(type.at, fmt::format("there is no definition `{}`", type.text));
  }
  for (const DefinitionId holder : Holders(schema).of(id, name)) {
    const std::string& kind = schema.definitions[holder].name;
    if (std::none_of(source.types.begin(), source.types.end(),
                     [&](const SourceName& type) { return type.text == kind; }))
      return type_error(
          source.at,
          fmt::format("`{}` can be held by a {}, which is not among the types behind it", source.name, kind));
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
    for (const SourcePermission& permission : source.permissions) {
      TRY(check_arrows(definition, *member, schema));
      TRY(check_alias(definition, *member));
      TRY(check_annotation(permission, id, member->name, schema));
      ++member;
    }
  }
  return {};
}

}  // namespace allauth::policy
