#include "app/policy/grants.h"

#include "policy/grants_of.h"

namespace allauth::app {
namespace {

constexpr policy::Limits kLimits{.max_work = 50'000};  // it is done on a thread that others wait for

const store::List& grants_by_object() {
  static const store::List list(store::shape_of<HeldGrants>(), {.name = "grant.list",
                                                                .where = {},
                                                                .key_word = "object",
                                                                .key = {{"kind"}, {"id"}},
                                                                .columns = {},
                                                                .few = true});
  return list;
}

bool may_ask_about(const Core& core, const Caller& caller, const policy::ObjectRef& subject) {
  if (subject == caller.who.principal.subject().object && !caller.who.restrictions) return true;
  const Gate gate(core);
  const policy::ObjectRef platform{kind::platform, kPlatformId};
  if (gate.allows(caller, "can_policy_read", platform) || gate.allows(caller, "can_role_read", platform))
    return true;
  if (subject.kind != kind::client) return false;
  const auto& snapshot = core.now();
  const auto domain = snapshot.thing(subject.kind, subject.id).domain;
  return domain != store::kNoNode &&
         gate.allows(caller, "can_role_read", {kind::domain, snapshot.id(domain)});
}

HeldGrants held(const policy::GrantsOnObject& grants) {
  HeldGrants row{.kind = std::string(grants.object.kind), .id = std::string(grants.object.id)};
  row.allowed.assign(grants.allowed.begin(), grants.allowed.end());
  row.denied.assign(grants.denied.begin(), grants.denied.end());
  for (const auto& role : grants.roles) row.roles.emplace_back(role.id);
  return row;
}

}  // namespace

Result<GrantsPage> list_grants(const Core& core, const Caller& caller,
                               std::optional<policy::ObjectRef> subject, const ListRequest& request) {
  const auto snapshot = core.snapshots.view();
  TRY(snapshot->check_usable());
  const policy::ObjectRef asked = subject.value_or(caller.who.principal.subject().object);
  if (!may_ask_about(core, caller, asked))
    return fail(Code::denied, "question.subject",
                "Asking about others takes the permission to see the roles there.", "id");
  TRY(const auto grants, policy::grants_of(snapshot->graph(), asked, kLimits));
  std::vector<HeldGrants> rows;
  for (const auto& on_object : grants) rows.push_back(held(on_object));
  TRY(auto page, list_few(std::move(rows), grants_by_object(), request, asked.kind, asked.id));
  return GrantsPage{std::move(page), snapshot->revision()};
}

}  // namespace allauth::app
