#include "store/snapshot/role_grants.h"

#include <algorithm>

#include "model/catalogue.h"

namespace allauth::store {
namespace {

using policy::CompiledSchema;

struct Target {
  std::string kind, id, action;
};

std::unexpected<Error> unenforceable() {
  return fail(Code::bug, "snapshot.grant", "A role holds a grant that this version cannot enforce.");
}

bool may_be_granted_alone(std::string_view kind) {
  return kind == kind::client || kind == kind::channel || kind == kind::group;
}

Result<Target> target_of(const Role& role, const RoleGrant& grant) {
  if (is_foreign(grant)) {
    if (role.scope_kind != kind::platform) return unenforceable();
    return Target{std::string(kind::catalogue), catalogue_entry(grant), "use"};
  }
  if (grant.object.empty()) return Target{role.scope_kind, role.scope_id, action_on_scope(role, grant)};
  if (role.scope_kind != kind::domain || !may_be_granted_alone(grant.kind)) return unenforceable();
  return Target{grant.kind, grant.object, grant.action};
}

// "*" stands for whatever comes there.
bool covers(std::string_view granted, std::string_view action) {
  if (!granted.ends_with('*')) return granted == action;
  return action.starts_with(granted.substr(0, granted.size() - 1));
}

ObjectGrants& grants_on(std::vector<ObjectGrants>& all, const Target& target) {
  const policy::ObjectRef wanted{target.kind, target.id};
  const auto found = std::ranges::find_if(all, [&](const auto& each) { return each.object() == wanted; });
  if (found != all.end()) return *found;
  return all.emplace_back(target.kind, target.id);
}

}  // namespace

Result<std::vector<ObjectGrants>> project_grants(const CompiledSchema& schema, const Role& role) {
  std::vector<ObjectGrants> all;
  for (const auto& grant : role.grants) {
    if (grant.effect != Effect::allow && grant.effect != Effect::deny) return unenforceable();
    TRY(const Target target, target_of(role, grant));
    const auto kind = schema.find_definition(target.kind);
    if (!kind) continue;
    ObjectGrants& on_object = grants_on(all, target);
    const bool denies = grant.effect == Effect::deny;
    for (const auto action : schema.actions(*kind)) {
      if (covers(target.action, action) && (!denies || schema.is_deniable(*kind, action)))
        (denies ? on_object.denied : on_object.allowed).push_back(action);
    }
  }
  return all;
}

}  // namespace allauth::store
