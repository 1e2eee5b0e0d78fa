#include "app/identity/authenticate.h"

#include "app/access/gate.h"
#include "app/identity/passwords.h"
#include "base/text.h"

namespace allauth::app {
namespace {

// The last word on every credential: its owner must be alive and well at this snapshot.
Result<AuthenticateOutcome> accept_if_valid(const store::Snapshot& snapshot, Authenticated who, Instant now) {
  TRY(snapshot.check_usable());
  if (const auto valid = still_valid(snapshot, who, now); !valid.granted()) return Rejected{valid.reason, {}};
  return who;
}

// Another node has checked the password; whether the user is still welcome here is decided here.
Result<AuthenticateOutcome> authenticate_elsewhere(const Core& core, const PasswordLogin& credential) {
  const std::string name = ascii_lower(credential.login);
  const Attempt attempt{Attempt::Kind::password, name, credential.source};
  TRY(core.throttle.admit(attempt));
  TRY(auto outcome, core.ask_password(credential));
  std::holds_alternative<Authenticated>(outcome) ? core.throttle.succeeded(attempt)
                                                 : core.throttle.failed(attempt);
  if (auto* who = std::get_if<Authenticated>(&outcome))
    return accept_if_valid(core.now(), std::move(*who), core.clock.now());
  return outcome;
}

// By its digest: whoever does not know the whole secret finds nothing, whichever part of it is wrong.
Result<AuthenticateOutcome> authenticate_digest(const Core& core, CredentialType type,
                                                const crypto::Digest& digest) {
  const auto& snapshot = core.now();
  TRY(snapshot.check_usable());
  const auto* record = snapshot.find_token(digest);
  if (record == nullptr || record->type != type || record->owner == store::kNoNode)
    return Rejected{"token.unknown", {}};
  Authenticated who{.principal = {PrincipalKind::user, std::string(snapshot.id(record->owner))},
                    .restrictions = record->restrictions,
                    .token = record->id,
                    .key = digest};
  if (record->expires != Instant::max()) who.expires = record->expires;
  return accept_if_valid(snapshot, std::move(who), core.clock.now());
}

}  // namespace

Result<AuthenticateOutcome> authenticate_token(const Core& core, const Secret& token) {
  const Instant now = core.clock.now();
  const auto claims = core.tokens.verify_access(token, now);
  if (!claims) {
    if (claims.error().code == Code::unauthenticated) return Rejected{claims.error().reason, {}};
    return fail(claims.error());
  }
  Authenticated who{.principal = {PrincipalKind::user, (*claims)->user.str()},
                    .session = (*claims)->session,
                    .expires = (*claims)->expires};
  return accept_if_valid(core.now(), std::move(who), now);
}

Result<AuthenticateOutcome> authenticate_password(const Core& core, const PasswordLogin& credential) {
  if (core.ask_password) return authenticate_elsewhere(core, credential);
  TRY(const auto proven, prove_password(core, credential));
  if (!proven) return Rejected{"login.failed", {}};
  return accept_if_valid(core.now(), {.principal = {PrincipalKind::user, proven->user.str()}},
                         core.clock.now());
}

Result<AuthenticateOutcome> authenticate_key(const Core& core, const ClientKey& credential) {
  const auto& snapshot = core.now();
  TRY(snapshot.check_usable());
  if (!is_id(credential.client_id) || credential.key.empty()) return Rejected{"key.unknown", {}};
  const Attempt attempt{Attempt::Kind::key, credential.client_id, credential.source};
  TRY(core.throttle.admit(attempt));
  const auto digest = core.digests.client_key(credential.client_id, credential.key);
  const auto* record = snapshot.find_key(digest);
  if (record == nullptr || snapshot.id(record->owner) != credential.client_id) {
    core.throttle.failed(attempt);
    return Rejected{"key.unknown", {}};
  }
  const auto& client = snapshot.thing(record->owner);
  Authenticated who{.principal = {PrincipalKind::client, credential.client_id}, .key = digest};
  if (client.domain != store::kNoNode)
    who.tenant = DomainId::trusted(std::string(snapshot.id(client.domain)));
  if (record->expires != Instant::max()) who.expires = record->expires;
  return accept_if_valid(snapshot, std::move(who), core.clock.now());
}

Result<AuthenticateOutcome> authenticate_personal_token(const Core& core, const Secret& token) {
  return authenticate_digest(core, CredentialType::personal_token, core.digests.personal_token(token));
}

Result<AuthenticateOutcome> authenticate_user_key(const Core& core, const Secret& key) {
  return authenticate_digest(core, CredentialType::user_key, core.digests.user_key(key));
}

Result<AuthenticateOutcome> authenticate_bearer(const Core& core, const Secret& token) {
  const auto type = user_token_type(token);
  if (!type) return authenticate_token(core, token);
  return *type == CredentialType::personal_token ? authenticate_personal_token(core, token)
                                                 : authenticate_user_key(core, token);
}

Result<AuthenticateOutcome> authenticate(const Core& core, const PresentedCredential& credential) {
  struct Visitor {
    const Core& core;
    auto operator()(const AccessToken& c) const { return authenticate_token(core, c.token); }
    auto operator()(const PasswordLogin& c) const { return authenticate_password(core, c); }
    auto operator()(const ClientKey& c) const { return authenticate_key(core, c); }
    auto operator()(const PersonalToken& c) const { return authenticate_personal_token(core, c.token); }
    auto operator()(const UserKey& c) const { return authenticate_user_key(core, c.key); }
  };
  return std::visit(Visitor{core}, credential);
}

Result<Authenticated> require_authenticated(Result<AuthenticateOutcome> outcome) {
  if (!outcome) return fail(std::move(outcome).error());
  if (auto* who = std::get_if<Authenticated>(&*outcome)) return std::move(*who);
  const auto* rejected = std::get_if<Rejected>(&*outcome);
  return fail(Code::unauthenticated, rejected != nullptr ? rejected->reason : Reason("credential.incomplete"),
              "The credential does not hold.");
}

}  // namespace allauth::app
