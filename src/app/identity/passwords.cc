#include "app/identity/passwords.h"

#include <algorithm>

#include "app/directory/change.h"
#include "app/identity/credentials.h"
#include "base/text.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

Result<std::optional<ProvenPassword>> compare(const Core& core, const store::Snapshot& snapshot,
                                              store::NodeId user, const Secret& password) {
  TRY(snapshot.check_usable());
  const auto& thing = snapshot.thing(user);
  const bool known = thing.text != nullptr && !thing.text->password_record.empty();
  const std::string record = known ? thing.text->password_record : core.dummy_record;
  TRY(const auto match, crypto::verify_password(as_hashed(password), record, core.password_params));
  if (!known || !match.ok || !thing.enabled()) return std::nullopt;
  return ProvenPassword{UserId::trusted(std::string(snapshot.id(user))), record, match.outdated};
}

// `find` names the user in a snapshot, which is held for the whole time: the record must not go while it is
// being checked.
template <class Find>
Result<std::optional<ProvenPassword>> prove(const Core& core, const Attempt& attempt, const Secret& password,
                                            Find find) {
  TRY(core.throttle.admit(attempt));
  const auto snapshot = core.snapshots.view();
  TRY(auto proven, compare(core, *snapshot, find(*snapshot), password));
  proven ? core.throttle.succeeded(attempt) : core.throttle.failed(attempt);
  return proven;
}

}  // namespace

Result<std::optional<ProvenPassword>> prove_password(const Core& core, const PasswordLogin& login) {
  const std::string name = ascii_lower(login.login);
  const Attempt attempt{Attempt::Kind::password, name, login.source};
  return prove(core, attempt, login.password,
               [&](const store::Snapshot& snapshot) { return snapshot.find_login(name); });
}

Result<std::optional<ProvenPassword>> prove_password(const Core& core, const UserId& user,
                                                     const Secret& password, const SessionId& session) {
  const Source source{.address = session.str(), .via = "session"};
  const Attempt attempt{Attempt::Kind::password, user.str(), source};
  return prove(core, attempt, password,
               [&](const store::Snapshot& snapshot) { return snapshot.find(kind::user, user.str()); });
}

namespace {

// The user's credential that holds the record; nothing if it has gone.
Result<std::optional<Credential>> credential_of(store::Read& read, const ProvenPassword& proven) {
  TRY(auto credentials, credentials_of(read, kind::user, proven.user.str()));
  const auto it = std::ranges::find_if(credentials, [&](const Credential& credential) {
    return credential.type == CredentialType::password && credential.status == Status::enabled &&
           credential.verifier == proven.record;
  });
  if (it == credentials.end()) return std::nullopt;
  return std::move(*it);
}

}  // namespace

Result<bool> still_proven(store::Read& read, const ProvenPassword& proven) {
  TRY(const auto user, store::find<User>(read, proven.user));
  if (!user || user->status != Status::enabled) return false;
  TRY(const auto credential, credential_of(read, proven));
  return credential.has_value();
}

std::optional<std::string> renewed_record(const Core& core, const ProvenPassword& proven,
                                          const Secret& password) {
  if (!proven.outdated) return std::nullopt;
  auto record = crypto::hash_password(as_hashed(password), core.password_params, core.entropy);
  return record ? std::optional(std::move(*record)) : std::nullopt;
}

Result<void> replace_record(store::Tx& tx, const Caller& caller, const ProvenPassword& proven,
                            std::string record) {
  TRY(auto credential, credential_of(tx, proven));
  if (!credential) return {};
  set_password_record(*credential, std::move(record));
  touch(credential->stamp, tx, caller);
  return store::update(tx, *credential);
}

}  // namespace allauth::app
