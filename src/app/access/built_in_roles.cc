#include "app/access/built_in_roles.h"

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "app/access/roles.h"
#include "app/directory/change.h"

namespace allauth::app {
namespace {

constexpr std::size_t kRolesAtOnce = 100;

// What a built-in role grants in this version.
std::vector<RoleGrant> wanted_grants(const Role& role) {
  if (role.scope_kind == kind::platform) return platform_admin_role().grants;
  const auto known = parse_domain_role(role.name);
  if (role.scope_kind != kind::domain || !known) return {};
  return domain_role(*known, role.id, DomainId::trusted(role.scope_id)).grants;
}

// False: nothing was missing.
bool complete(Role& role) {
  std::set<std::string> held;
  for (const auto& grant : role.grants) held.insert(action_on_scope(role, grant));
  bool changed = false;
  for (auto& grant : wanted_grants(role)) {
    if (!held.insert(action_on_scope(role, grant)).second) continue;
    role.grants.push_back(std::move(grant));
    changed = true;
  }
  return changed;
}

Result<std::vector<RoleId>> find_incomplete(store::Read& read) {
  std::vector<RoleId> found;
  TRY(store::for_each<Role>(read, [&](Role role) -> Result<void> {
    if (role.system && complete(role)) found.push_back(role.id);
    return {};
  }));
  return found;
}

store::Write<store::Done> complete_roles(std::vector<RoleId> ids) {
  return {.recheck = {}, .run = [ids = std::move(ids)](store::Tx& tx) -> Result<store::Done> {
            const Caller caller = system_caller("upgrade");
            for (const auto& id : ids) {
              TRY(auto role, store::find<Role>(tx, id));
              if (!role || !complete(*role)) continue;
              touch(role->stamp, tx, caller);
              TRY(store::update(tx, *role));
            }
            tx.act(act_of(caller, "role.built_in_completed", {}, {}));
            return store::Done{};
          }};
}

}  // namespace

Result<std::size_t> complete_built_in_roles(store::Store& store) {
  TRY(const auto found, store.read([](store::Read& read) { return find_incomplete(read); }));
  for (std::size_t from = 0; from < found.size(); from += kRolesAtOnce) {
    const auto chunk = std::span(found).subspan(from, std::min(kRolesAtOnce, found.size() - from));
    TRY(store.write(complete_roles({chunk.begin(), chunk.end()})));
  }
  return found.size();
}

}  // namespace allauth::app
