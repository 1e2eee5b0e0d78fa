#include "app/identity/passwords.h"

#include "app/identity/credentials.h"
#include "base/text.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

Result<std::optional<ProvenPassword>> prove(const Core& core, const store::Snapshot& snapshot,
                                            store::NodeId user, const Secret& password) {
  TRY(snapshot.check_usable());
  const auto& thing = snapshot.thing(user);
  const bool known = thing.text != nullptr && !thing.text->password_record.empty();
  const std::string record = known ? thing.text->password_record : core.dummy_record;
  TRY(const auto match, crypto::verify_password(password, record, core.password_params));
  if (!known || !match.ok || !thing.enabled()) return std::nullopt;
  return ProvenPassword{UserId::trusted(std::string(snapshot.id(user))), record};
}

}  // namespace

// Both hold their snapshot for the whole time: the record must not go while it is being checked.

Result<std::optional<ProvenPassword>> prove_password(const Core& core, const std::string& login,
                                                     const Secret& password) {
  const auto snapshot = core.snapshots.view();
  return prove(core, *snapshot, snapshot->find_login(ascii_lower(login)), password);
}

Result<std::optional<ProvenPassword>> prove_password(const Core& core, const UserId& user,
                                                     const Secret& password) {
  const auto snapshot = core.snapshots.view();
  return prove(core, *snapshot, snapshot->find(kind::user, user.str()), password);
}

Result<bool> still_proven(store::Read& read, const ProvenPassword& proven) {
  TRY(const auto user, store::find<User>(read, proven.user));
  if (!user || user->status != Status::enabled) return false;
  TRY(const auto credentials, credentials_of(read, kind::user, proven.user.str()));
  return std::ranges::any_of(credentials, [&](const Credential& credential) {
    return credential.type == CredentialType::password && credential.status == Status::enabled &&
           credential.verifier == proven.record;
  });
}

}  // namespace allauth::app
