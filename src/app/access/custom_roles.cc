#include "app/access/custom_roles.h"

#include "app/access/roles.h"
#include "app/directory/change.h"
#include "app/lists/covered_rows.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

using policy::CompiledSchema;

Result<void> require_free_name(store::Read& read, const Role& role) {
  TRY(const auto same,
      store::select_one<Role>(read, store::lookup::kRoleByName, role.scope_kind, role.scope_id, role.name));
  if (!same || same->id == role.id) return {};
  return fail(Code::conflict, "name.taken", "Another role there has this name.", "name");
}

Result<void> require_room(store::Read& read, const RoleScope& scope) {
  TRY(const auto roles, store::select<Role>(read, store::lookup::kRolesOfScope, scope.kind(), scope.str()));
  if (roles.size() < kMaxRolesPerScope) return {};
  return fail(Code::exhausted, "role.too_many", "There are 100 roles there already.");
}

Result<store::Act> role_act(store::Read& read, const Caller& caller, std::string_view slug,
                            const Role& role) {
  TRY(const auto domain, domain_of_scope(read, role.scope_kind, role.scope_id));
  return act_of(caller, slug, kind::role, role.id.str(), domain.str());
}

// Only those that are given.
Result<void> replace_words(const CompiledSchema& schema, store::Read& read, Role& role,
                           const RoleChanges& changes) {
  TRY(auto given, check_words(schema, role.scope_kind,
                              {changes.allowed.value_or(std::vector<std::string>()),
                               changes.denied.value_or(std::vector<std::string>()),
                               changes.elsewhere.value_or(std::vector<RoleGrant>())}));
  TRY(require_things(read, role, given));
  RoleWords words = words_of(role);
  if (changes.allowed) words.allowed = std::move(given.allowed);
  if (changes.denied) words.denied = std::move(given.denied);
  if (changes.elsewhere) words.elsewhere = std::move(given.elsewhere);
  role.grants = grants_of(role.scope_kind, words);
  return {};
}

// Changes a role with `edit(tx, role) -> Result<void>`.
template <class Edit>
store::Write<Role> changing(const Core& core, Permit<act::ManageRole> permit, std::string_view slug,
                            std::optional<Revision> expected, Edit edit) {
  return guarded<Role>(
      core, std::move(permit), [slug, expected, edit](store::Tx& tx, const auto& p) -> Result<Role> {
        TRY(auto role, require_own_role(tx, p.object()));
        TRY(role, change_row(tx, p.caller(), std::move(role), expected,
                             [&](Role& changed) -> Result<void> { return edit(tx, changed); }));
        TRY(auto act, role_act(tx, p.caller(), slug, role));
        tx.act(std::move(act));
        return role;
      });
}

}  // namespace

Result<RoleScope> parse_scope(const CompiledSchema& schema, std::string_view kind, std::string_view id) {
  TRY(list_actions(schema, kind));
  if (kind == kind::platform && id.empty()) id = kPlatformId;
  if (!is_id(id)) return fail(Code::invalid, "id.invalid", "Give the id of what the role is on.", "scope_id");
  return RoleScope(kind, std::string(id));
}

Result<Actions> list_actions(const CompiledSchema& schema, std::string_view kind) {
  const auto definition = schema.find_definition(kind);
  if (!definition || schema.actions(*definition).empty())
    return fail(Code::invalid, "role.scope",
                "A role is on the platform, a domain, a group, a client or a channel.", "scope_kind");
  Actions actions;
  for (const auto name : schema.actions(*definition)) {
    actions.all.emplace_back(name);
    if (schema.is_deniable(*definition, name)) actions.deniable.emplace_back(name);
  }
  return actions;
}

Result<store::Write<Role>> create_role(const Core& core, Permit<act::CreateRole> permit, NewRole fresh) {
  const RoleScope& scope = permit.object();
  TRY(auto words, check_words(core.schema(), scope.kind(), fresh.actions));
  Role role{.id = RoleId::trusted(core.ids.next()),
            .scope_kind = std::string(scope.kind()),
            .scope_id = scope.str(),
            .name = std::move(fresh.name),
            .grants = grants_of(scope.kind(), words)};
  return guarded<Role>(
      core, std::move(permit),
      [prepared = std::move(role), words = std::move(words)](store::Tx& tx, const auto& p) -> Result<Role> {
        Role role = prepared;
        TRY(auto act, role_act(tx, p.caller(), "role.created", role));
        TRY(require_room(tx, p.object()));
        TRY(require_free_name(tx, role));
        TRY(require_things(tx, role, words));
        role.stamp = fresh_stamp(tx, p.caller());
        TRY(store::insert(tx, role));
        tx.act(std::move(act));
        return role;
      });
}

Result<Role> get_role(store::Read& read, const Permit<act::ReadRole>& permit) {
  return require_row<Role>(read, permit.object());
}

Result<Page<Role>> list_roles(store::Read& read, const Permit<act::ListRoles>& permit,
                              const ListRequest& request) {
  // At most kMaxRolesPerScope.
  TRY(auto roles,
      store::select<Role>(read, store::lookup::kRolesOfScope, permit.object().kind(), permit.object().str()));
  if (permit.caller().who.restrictions) {
    TRY(const auto domain, domain_of_scope(read, permit.object().kind(), permit.object().str()));
    const auto covered = covered_for(permit.caller(), {kind::role, domain.str()});
    std::erase_if(roles, [&](const Role& role) { return !covered.has(role.id.str()); });
  }
  return list_few(std::move(roles), store::list::roles_of_scope(), request, permit.object().kind(),
                  permit.object().str());
}

Result<store::Write<Role>> update_role(const Core& core, Permit<act::ManageRole> permit, RoleChanges changes,
                                       std::optional<Revision> expected) {
  return changing(core, std::move(permit), "role.updated", expected,
                  [&core, changes = std::move(changes)](store::Tx& tx, Role& role) -> Result<void> {
                    if (changes.name) role.name = *changes.name;
                    TRY(replace_words(core.schema(), tx, role, changes));
                    return require_free_name(tx, role);
                  });
}

Result<store::Write<Role>> change_actions(const Core& core, Permit<act::ManageRole> permit, ActionChange how,
                                          RoleActions actions, std::optional<Revision> expected) {
  const bool adds = how == ActionChange::add;
  return changing(core, std::move(permit), adds ? "role.actions_added" : "role.actions_removed", expected,
                  [&core, adds, actions = std::move(actions)](store::Tx& tx, Role& role) -> Result<void> {
                    TRY(const auto named, check_words(core.schema(), role.scope_kind, actions));
                    if (adds) TRY(require_things(tx, role, named));
                    TRY(const auto words,
                        adds ? add_words(words_of(role), named) : remove_words(words_of(role), named));
                    role.grants = grants_of(role.scope_kind, words);
                    return {};
                  });
}

Result<store::Write<store::Done>> delete_role(const Core& core, Permit<act::ManageRole> permit,
                                              std::optional<Revision> expected) {
  return guarded<store::Done>(core, std::move(permit),
                              [expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(const auto role, require_own_role(tx, p.object()));
                                TRY(check_revision(role.stamp, expected));
                                TRY(erase_role(tx, role));
                                TRY(auto act, role_act(tx, p.caller(), "role.deleted", role));
                                tx.act(std::move(act));
                                return store::Done{};
                              });
}

}  // namespace allauth::app
