#include "policy/schema/schema.h"

#include <algorithm>

namespace allauth::policy {

std::optional<DefinitionId> CompiledSchema::find_definition(std::string_view name) const {
  const auto found = definition_index_.find(name);
  return found != definition_index_.end() ? std::optional(found->second) : std::nullopt;
}

std::optional<NameId> CompiledSchema::find_name(std::string_view name) const {
  const auto found = name_index_.find(name);
  return found != name_index_.end() ? std::optional(found->second) : std::nullopt;
}

const Member* CompiledSchema::find_member(DefinitionId definition, NameId name) const {
  const auto& members = definitions_[definition].members;
  const auto found =
      std::lower_bound(members.begin(), members.end(), name,
                       [](const auto& member, NameId wanted) { return member.first < wanted; });
  return found != members.end() && found->first == name ? &members_[found->second] : nullptr;
}

const Member* CompiledSchema::find_member(DefinitionId definition, std::string_view name) const {
  const auto id = find_name(name);
  return id ? find_member(definition, *id) : nullptr;
}

bool CompiledSchema::is_shared(NameId relation, DefinitionId subject, NameId subject_relation) const {
  std::size_t takers = 0;
  for (DefinitionId id = 0; id < definitions_.size(); ++id) {
    const Member* const member = find_member(id, relation);
    takers += member != nullptr && std::ranges::any_of(member->forms, [&](const Form& form) {
                return form.definition == subject && form.relation == subject_relation;
              });
  }
  return takers > 1;
}

bool CompiledSchema::goes_on(const CompiledSchema& before) const {
  if (before.names_.size() > names_.size() || before.definitions_.size() > definitions_.size()) return false;
  return std::equal(before.names_.begin(), before.names_.end(), names_.begin()) &&
         std::equal(before.definitions_.begin(), before.definitions_.end(), definitions_.begin(),
                    [](const Definition& a, const Definition& b) { return a.name == b.name; });
}

std::vector<std::string_view> CompiledSchema::actions(DefinitionId definition) const {
  std::vector<std::string_view> names;
  for (const auto& [name, member] : definitions_[definition].members)
    if (members_[member].kind == Member::Kind::granted) names.push_back(names_[name]);
  std::sort(names.begin(), names.end());
  return names;
}

bool CompiledSchema::is_action(DefinitionId definition, std::string_view name) const {
  const Member* member = find_member(definition, name);
  return member != nullptr && member->kind == Member::Kind::granted;
}

bool CompiledSchema::is_deniable(DefinitionId definition, std::string_view action) const {
  return is_action(definition, action) && !find_member(definition, action)->never_denied;
}

std::string CompiledSchema::rule_name(RuleId rule) const {
  if (rule == kRestrictedRule) return "restricted";
  if (rule == kDenyRule) return "deny";
  if (rule == kClosedRule) return "closed";
  const Member& decided = members_[rule.value - 1];
  return std::string(definition_name(decided.definition)).append("#").append(name(decided.name));
}

}  // namespace allauth::policy
