#include "app/access/role_grants.h"

#include <algorithm>

#include "app/directory/change.h"
#include "model/catalogue.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

using policy::CompiledSchema;

constexpr std::size_t kMaxActions = 1000;  // far more than any kind has
constexpr std::size_t kMaxForeignName = 128;
constexpr std::size_t kMaxForeignObject = 512;
constexpr std::string_view kEvery = "*";

std::string field_of(std::string_view list, std::size_t index, std::string_view member = {}) {
  return fmt::format("{}[{}]{}{}", list, index, member.empty() ? "" : ".", member);
}

std::unexpected<Error> bad_grant(std::size_t index, std::string_view member, std::string message) {
  return fail(Code::invalid, "role.grant", std::move(message), field_of("grants", index, member));
}

Result<void> check_action(const CompiledSchema& schema, std::string_view kind, std::string_view action,
                          Effect effect, std::string field) {
  if (action == kEvery) return {};
  const auto definition = schema.find_definition(kind);
  if (!definition || !schema.is_action(*definition, action))
    return fail(Code::invalid, "role.action", fmt::format("This is no action of a {}.", kind),
                std::move(field));
  if (effect == Effect::deny && !schema.is_deniable(*definition, action))
    return fail(
        Code::invalid, "role.never_denied",
        fmt::format("\"{}\" cannot be denied: it is what whoever was shut out by mistake gets back in "
                    "by. Take it from the roles that grant it.",
                    action),
        std::move(field));
  return {};
}

Result<std::set<std::string>> check_list(const CompiledSchema& schema, std::string_view kind,
                                         const std::vector<std::string>& actions, Effect effect,
                                         std::string_view list) {
  if (actions.size() > kMaxActions)
    return fail(Code::invalid, "role.action", "There are not so many actions.", std::string(list));
  std::set<std::string> checked;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    TRY(check_action(schema, kind, actions[i], effect, field_of(list, i)));
    checked.insert(actions[i]);
  }
  return checked;
}

bool is_foreign_name(std::string_view name, std::size_t longest) {
  return !name.empty() && name.size() <= longest && name != kEvery &&
         std::ranges::none_of(name, [](unsigned char c) { return c <= ' ' || c == 0x7F; });
}

// "<application>/<resource>" and an action; an object only with an action of its own.
Result<void> check_foreign(const RoleGrant& grant, std::size_t index) {
  const std::string_view kind = grant.kind;
  const std::string_view application = kind.substr(0, kind.find('/'));
  const std::string_view resource = kind.substr(application.size() + 1);
  const bool every_resource = resource == kEvery;
  if (!is_foreign_name(application, kMaxForeignName) ||
      (!every_resource && !is_foreign_name(resource, kMaxForeignName)) || resource.contains('/'))
    return bad_grant(index, "kind", "A kind of things elsewhere is \"<application>/<resource>\".");
  if (grant.action != kEvery &&
      (every_resource || !is_foreign_name(grant.action, kMaxForeignName) || grant.action.contains('/')))
    return bad_grant(index, "action", "This is no name of an action there, nor \"*\".");
  if (grant.object.empty()) return {};
  if (grant.action == kEvery || !is_foreign_name(grant.object, kMaxForeignObject))
    return bad_grant(index, "object_id", "One thing is granted for one action.");
  return {};
}

Result<void> check_thing(const CompiledSchema& schema, const RoleGrant& grant, std::size_t index) {
  if (grant.kind != kind::client && grant.kind != kind::channel && grant.kind != kind::group)
    return bad_grant(index, "kind", "One thing is a client, channel or group.");
  if (!is_id(grant.object)) return bad_grant(index, "object_id", "Give the id of the thing.");
  return check_action(schema, grant.kind, grant.action, grant.effect, field_of("grants", index, "action"));
}

Result<void> check_elsewhere(const CompiledSchema& schema, std::string_view scope_kind,
                             const RoleGrant& grant, std::size_t index) {
  if (is_foreign(grant)) {
    if (scope_kind != kind::platform)
      return bad_grant(index, "kind", "What applications have is granted by roles on the platform.");
    return check_foreign(grant, index);
  }
  if (scope_kind != kind::domain)
    return bad_grant(index, "kind", "Single things are granted by roles on their domain.");
  return check_thing(schema, grant, index);
}

bool before(const RoleGrant& a, const RoleGrant& b) {
  return std::tie(a.kind, a.object, a.action, a.effect) < std::tie(b.kind, b.object, b.action, b.effect);
}
bool same(const RoleGrant& a, const RoleGrant& b) { return !before(a, b) && !before(b, a); }

void sort_once(std::vector<RoleGrant>& grants) {
  std::ranges::sort(grants, before);
  grants.erase(std::ranges::unique(grants, same).begin(), grants.end());
}

Result<void> require_few(const std::vector<RoleGrant>& grants) {
  if (grants.size() <= kMaxGrantsElsewhere) return {};
  return fail(
      Code::exhausted, "role.too_many_grants",
      fmt::format("One role has at most {} grants on single things and elsewhere.", kMaxGrantsElsewhere),
      "grants");
}

template <class Row>
Result<bool> lies_in(store::Read& read, const std::string& id, std::string_view domain) {
  TRY(const auto row, store::find<Row>(read, id));
  return row && row->domain.str() == domain;
}

Result<bool> is_in_domain(store::Read& read, const RoleGrant& grant, std::string_view domain) {
  if (grant.kind == kind::client) return lies_in<Client>(read, grant.object, domain);
  if (grant.kind == kind::channel) return lies_in<Channel>(read, grant.object, domain);
  return lies_in<Group>(read, grant.object, domain);
}

}  // namespace

Result<RoleWords> check_words(const CompiledSchema& schema, std::string_view scope_kind,
                              const RoleActions& actions) {
  RoleWords words;
  TRY(words.allowed, check_list(schema, scope_kind, actions.allowed, Effect::allow, "actions"));
  TRY(words.denied, check_list(schema, scope_kind, actions.denied, Effect::deny, "denied_actions"));
  TRY(require_few(actions.elsewhere));
  for (std::size_t i = 0; i < actions.elsewhere.size(); ++i)
    TRY(check_elsewhere(schema, scope_kind, actions.elsewhere[i], i));
  words.elsewhere = actions.elsewhere;
  sort_once(words.elsewhere);
  return words;
}

RoleWords words_of(const Role& role) {
  RoleWords words;
  for (const auto& grant : role.grants) {
    if (is_foreign(grant) || !grant.object.empty())
      words.elsewhere.push_back(grant);
    else
      (grant.effect == Effect::deny ? words.denied : words.allowed).insert(action_on_scope(role, grant));
  }
  sort_once(words.elsewhere);
  return words;
}

std::vector<RoleGrant> grants_of(std::string_view scope_kind, const RoleWords& words) {
  std::vector<RoleGrant> grants;
  const auto add = [&](const std::set<std::string>& actions, Effect effect) {
    for (const auto& action : actions) grants.push_back({std::string(scope_kind), {}, action, effect});
  };
  add(words.allowed, Effect::allow);
  add(words.denied, Effect::deny);
  grants.insert(grants.end(), words.elsewhere.begin(), words.elsewhere.end());
  return grants;
}

Result<RoleWords> add_words(RoleWords held, const RoleWords& more) {
  held.allowed.insert(more.allowed.begin(), more.allowed.end());
  held.denied.insert(more.denied.begin(), more.denied.end());
  held.elsewhere.insert(held.elsewhere.end(), more.elsewhere.begin(), more.elsewhere.end());
  sort_once(held.elsewhere);
  TRY(require_few(held.elsewhere));
  return held;
}

RoleWords remove_words(RoleWords held, const RoleWords& less) {
  for (const auto& action : less.allowed) held.allowed.erase(action);
  for (const auto& action : less.denied) held.denied.erase(action);
  std::erase_if(held.elsewhere, [&](const RoleGrant& grant) {
    return std::ranges::binary_search(less.elsewhere, grant, before);
  });
  return held;
}

Result<void> require_things(store::Read& read, const Role& role, const RoleWords& words) {
  for (const auto& grant : words.elsewhere) {
    if (is_foreign(grant)) continue;
    TRY(const bool found, is_in_domain(read, grant, role.scope_id));
    if (!found)
      return fail(Code::not_found, "role.grant_object",
                  fmt::format("There is no {} {} in the domain of the role.", grant.kind, grant.object),
                  "grants");
  }
  return {};
}

Result<void> take_grants_on(store::Tx& tx, const Caller& caller, std::string_view kind,
                            const std::string& id) {
  TRY(auto roles, store::select<Role>(tx, store::lookup::kRolesGrantingOn, kind, id));
  for (auto& role : roles) {
    std::erase_if(role.grants,
                  [&](const RoleGrant& grant) { return grant.kind == kind && grant.object == id; });
    touch(role.stamp, tx, caller);
    TRY(store::update(tx, role));
  }
  return {};
}

}  // namespace allauth::app
