#include "app/access/gate.h"

namespace allauth::app {
namespace {

// The same terms as when it was shown: whoever may do more or less by now shows it again.
Verdict token_valid(const store::Snapshot& snapshot, const Authenticated& who, Instant now) {
  const auto* token = who.key ? snapshot.find_token(*who.key) : nullptr;
  if (token == nullptr) return Verdict::deny("token.revoked");
  if (token->expires <= now) return Verdict::deny("credential.expired");
  const bool same = token->restrictions == who.restrictions ||
                    (token->restrictions && who.restrictions && *token->restrictions == *who.restrictions);
  return same ? Verdict::grant("credential.valid") : Verdict::deny("token.changed");
}

std::unexpected<Error> session_needed() {
  return fail(Code::denied, "credential.session_needed",
              "This takes a login: keys and tokens are not good for it.");
}

// What is listed is shown as far as scopes cover it, so that one thing of the kind is enough to ask for the
// list.
bool covers_some(const store::Snapshot& snapshot, const policy::Restrictions& restrictions,
                 policy::ObjectRef container, std::string_view listed) {
  const auto node = snapshot.find(container.kind, container.id);
  const auto domain = policy::domain_of(snapshot.graph(), container, node);
  return !policy::covered(restrictions, listed, kReadPermission, domain).none();
}

std::unexpected<Error> not_covered(std::string_view permission, policy::ObjectRef object) {
  return fail(Code::denied, "credential.scope",
              fmt::format("No scope of this token covers that; it would take \"{}\".",
                          to_text(policy::missing_scope(permission, object))));
}

bool has_status(std::string_view kind) {
  return kind == kind::user || kind == kind::domain || kind == kind::group || kind == kind::client ||
         kind == kind::channel;
}

}  // namespace

Verdict still_valid(const store::Snapshot& snapshot, const Authenticated& who, Instant now) {
  if (const auto usable = snapshot.check_usable(); !usable) return Verdict::fail(usable.error().reason);
  if (who.expires && *who.expires <= now) return Verdict::deny("credential.expired");
  switch (who.principal.kind) {
    case PrincipalKind::user: {
      if (!snapshot.thing(kind::user, who.principal.id).enabled()) return Verdict::deny("user.disabled");
      if (!who.session.empty() && snapshot.is_revoked(who.session.str()))
        return Verdict::deny("session.revoked");
      if (!who.token.empty()) return token_valid(snapshot, who, now);
      return Verdict::grant("credential.valid");
    }
    case PrincipalKind::client: {
      const auto& client = snapshot.thing(kind::client, who.principal.id);
      if (!client.enabled()) return Verdict::deny("client.disabled");
      if (!snapshot.thing(client.domain).enabled()) return Verdict::deny("domain.disabled");
      const auto* key = who.key ? snapshot.find_key(*who.key) : nullptr;
      if (key == nullptr || key->expires <= now) return Verdict::deny("key.revoked");
      return Verdict::grant("credential.valid");
    }
    case PrincipalKind::system:
      return Verdict::grant("credential.system");
    case PrincipalKind::anonymous:
      break;
  }
  return Verdict::deny("credential.missing");
}

Result<void> require_takes(const Caller& caller, Takes takes) {
  const bool whole = caller.who.restrictions == nullptr;
  const bool login = !caller.who.session.empty() || caller.who.principal.kind == PrincipalKind::system;
  if (takes == Takes::any || (takes == Takes::whole ? whole : whole && login)) return {};
  return session_needed();
}

Result<policy::Decision> Gate::decide(const Caller& caller, const Asked& asked) const {
  const auto& [permission, object, lists, takes] = asked;
  const auto& snapshot = core_.now();
  TRY(snapshot.check_usable());
  const Instant now = core_.clock.now();
  if (const auto valid = still_valid(snapshot, caller.who, now); !valid.granted())
    return fail({.code = Code::unauthenticated,
                 .reason = "gate.credential",
                 .message = "The credential is not good any more.",
                 .detail = std::string(valid.reason.slug())});
  const auto missing = [] {
    return fail(Code::not_found, "object.missing", "There is no such thing, or not for you.");
  };
  policy::CheckQuery query{.subject = caller.who.principal.subject(),
                           .restrictions = caller.who.restrictions.get(),
                           .permission = permission,
                           .object = object,
                           .context = {.now = now}};
  if (query.restrictions != nullptr && !lists.empty()) {
    if (!covers_some(snapshot, *query.restrictions, object, lists)) return not_covered(permission, object);
    query.restrictions = nullptr;
  }
  TRY(const auto decision, core_.engine.check(snapshot.graph(), to_number(snapshot.revision()), query));
  if (decision.rule() == policy::kRestrictedRule && !decision.allowed())
    return not_covered(permission, object);
  if (has_status(object.kind) && !snapshot.thing(object.kind, object.id).exists()) return missing();
  if (decision.allowed()) {
    TRY(require_takes(caller, takes));
    return decision;
  }
  if (decision.rule() == policy::kClosedRule)
    return fail(Code::denied, "gate.closed",
                "The domain is disabled or frozen, and you are not among those who may act in it until it is "
                "enabled.");
  if (object.kind != kind::platform) {
    query.permission = "can_read";
    TRY(const auto readable, core_.engine.check(snapshot.graph(), to_number(snapshot.revision()), query));
    if (!readable.allowed()) return missing();
  }
  return fail({.code = Code::denied,
               .reason = "gate.denied",
               .message = fmt::format("This takes the permission {} on this {}.", permission, object.kind),
               .detail = snapshot.graph().schema().rule_name(decision.rule())});
}

bool Gate::allows(const Caller& caller, std::string_view permission, policy::ObjectRef object) const {
  return decide(caller, {.permission = permission, .object = object}).has_value();
}

}  // namespace allauth::app
