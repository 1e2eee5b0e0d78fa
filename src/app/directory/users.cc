#include "app/directory/users.h"

#include "app/access/roles.h"
#include "app/directory/change.h"
#include "app/directory/members.h"
#include "app/extensions/annotations.h"
#include "app/identity/credentials.h"
#include "app/identity/passwords.h"
#include "app/identity/sessions.h"
#include "app/lists/covered_rows.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

Result<void> require_unique(store::Read& read, const User& user) {
  TRY(const auto same_email, store::select_one<User>(read, store::lookup::kUserByEmail, user.email));
  if (same_email && same_email->id != user.id)
    return fail(Code::conflict, "email.taken", "Another user has this e-mail address.", "email");
  TRY(const auto same_name, store::select_one<User>(read, store::lookup::kUserByUsername, user.username));
  if (same_name && same_name->id != user.id)
    return fail(Code::conflict, "username.taken", "Another user has this user name.", "username");
  return {};
}

void apply_changes(User& user, UserChanges changes) {
  if (changes.email) user.email = std::move(*changes.email);
  if (changes.username) user.username = std::move(*changes.username);
  change_common(user, std::move(changes.common));
}

Result<void> erase_memberships(store::Tx& tx, const UserId& user) {
  TRY(const auto memberships,
      store::select<RoleMember>(tx, store::lookup::kMembershipsOfSubject, kind::user, user));
  for (const auto& membership : memberships) {
    TRY(require_other_owner(tx, membership));
    TRY(store::erase(tx, membership));
  }
  return {};
}

Result<void> replace_password(store::Tx& tx, const Caller& caller, const UserId& user, CredentialId id,
                              std::string record) {
  TRY(auto old, credentials_of(tx, kind::user, user.str()));
  for (auto& credential : old)
    if (credential.type == CredentialType::password) TRY(erase_credential(tx, std::move(credential)));
  Credential fresh = password_credential(std::move(id), user, std::move(record));
  fresh.stamp = fresh_stamp(tx, caller);
  return store::insert(tx, fresh);
}

// The record of a new user's password.
Result<std::string> first_record(const Core& core, const NewUser& user) {
  if (user.password_hash.empty()) {
    TRY(const auto fresh, check_new_password(core.password_rules, user.password,
                                             {user.username, user.email, user.common.name}));
    return crypto::hash_password(fresh, core.password_params, core.entropy);
  }
  if (!user.password.empty())
    return fail(Code::invalid, "password.both", "Give a password or a password hash, not both.",
                "password_hash");
  TRY(crypto::check_password_record(user.password_hash));
  return user.password_hash;
}

// Texts that a user's password should not be made of.
std::vector<std::string> about(const Core& core, const UserId& user) {
  const auto snapshot = core.snapshots.view();
  const auto& thing = snapshot->thing(kind::user, user.str());
  if (thing.text == nullptr) return {};
  return {thing.text->username, thing.text->email};
}

// A new login name could be somebody else's address as long as addresses are not verified, so only
// those who manage users change them.
Result<void> require_may_change_email(const Core& core, const Caller& caller) {
  if (Gate(core).allows(caller, "can_user_update", {kind::platform, kPlatformId})) return {};
  return fail(Code::denied, "email.fixed", "Only those who manage users change e-mail addresses.", "email");
}

}  // namespace

Result<User> insert_user(store::Tx& tx, const Caller& caller, User user, CredentialId credential,
                         std::string record) {
  TRY(require_unique(tx, user));
  user.stamp = fresh_stamp(tx, caller);
  TRY(store::insert(tx, user));
  Credential password = password_credential(std::move(credential), user.id, std::move(record));
  password.stamp = fresh_stamp(tx, caller);
  TRY(store::insert(tx, password));
  return user;
}

Result<store::Write<User>> create_user(const Core& core, Permit<act::CreateUser> permit, NewUser fresh) {
  TRY(auto record, first_record(core, fresh));
  User user{.id = UserId::trusted(core.ids.next()),
            .email = std::move(fresh.email),
            .username = std::move(fresh.username)};
  set_common(user, std::move(fresh.common));
  return guarded<User>(core, std::move(permit),
                       [user = std::move(user), credential = CredentialId::trusted(core.ids.next()),
                        record = std::move(record)](store::Tx& tx, const auto& p) -> Result<User> {
                         TRY(User made, insert_user(tx, p.caller(), user, credential, record));
                         tx.act(act_of(p.caller(), "user.created", kind::user, made.id.str()));
                         return made;
                       });
}

Result<User> get_user(store::Read& read, const Permit<act::ReadUser>& permit) {
  return require_row<User>(read, permit.object());
}

Result<Page<User>> list_users(store::Read& read, const Permit<act::ListUsers>& permit,
                              const ListRequest& request) {
  return list_covered<User>(
      read, permit.caller(), {kind::user, {}}, [](const User&) { return true; }, store::list::users(),
      request);
}

Result<store::Write<User>> update_user(const Core& core, Permit<act::UpdateUser> permit, UserChanges changes,
                                       std::optional<Revision> expected) {
  return guarded<User>(
      core, std::move(permit),
      [&core, changes = std::move(changes), expected](store::Tx& tx, const auto& p) -> Result<User> {
        if (changes.email) TRY(require_may_change_email(core, p.caller()));
        TRY(auto user, require_row<User>(tx, p.object()));
        TRY(user, change_row(tx, p.caller(), std::move(user), expected, [&](User& row) {
              apply_changes(row, changes);
              return require_unique(tx, row);
            }));
        tx.act(act_of(p.caller(), "user.updated", kind::user, user.id.str()));
        return user;
      });
}

Result<store::Write<User>> set_user_status(const Core& core, Permit<act::EnableUser> permit, Status status,
                                           std::optional<Revision> expected) {
  return guarded<User>(
      core, std::move(permit), [status, expected](store::Tx& tx, const auto& p) -> Result<User> {
        TRY(auto user, require_row<User>(tx, p.object()));
        if (status == Status::disabled) {
          TRY(require_other_admin(tx, user.id));
          TRY(end_sessions(tx, p.caller(), user.id, {}));
        }
        TRY(user, change_row(tx, p.caller(), std::move(user), expected, [&](User& row) -> Result<void> {
              row.status = status;
              return {};
            }));
        tx.act(act_of(p.caller(), status == Status::enabled ? "user.enabled" : "user.disabled", kind::user,
                      user.id.str()));
        return user;
      });
}

Result<store::Write<store::Done>> delete_user(const Core& core, Permit<act::DeleteUser> permit,
                                              std::optional<Revision> expected) {
  return guarded<store::Done>(
      core, std::move(permit), [expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
        TRY(const auto user, require_row<User>(tx, p.object()));
        TRY(check_revision(user.stamp, expected));
        TRY(require_other_admin(tx, user.id));
        TRY(end_sessions(tx, p.caller(), user.id, {}));
        TRY(const auto sessions, store::select<Session>(tx, store::lookup::kSessionsOfUser, user.id));
        for (const auto& session : sessions) TRY(store::erase(tx, session));
        TRY(erase_memberships(tx, user.id));
        TRY(auto credentials, credentials_of(tx, kind::user, user.id.str()));
        for (auto& credential : credentials) TRY(erase_credential(tx, std::move(credential)));
        TRY(erase_annotations(tx, {kind::user, user.id.str()}));
        TRY(store::erase(tx, user));
        tx.act(act_of(p.caller(), "user.deleted", kind::user, user.id.str()));
        return store::Done{};
      });
}

Result<store::Write<store::Done>> change_password(const Core& core, Permit<act::ChangePassword> permit,
                                                  PasswordChange change) {
  const auto wrong = [] {
    return fail(Code::denied, "password.wrong", "The current password is wrong.", "current_password");
  };
  std::optional<ProvenPassword> proven;
  if (permit.caller().who.principal == Principal{PrincipalKind::user, permit.object().str()}) {
    if (!change.current)
      return fail(Code::invalid, "password.current_missing",
                  "Changing your own password takes the current one.", "current_password");
    TRY(proven, prove_password(core, permit.object(), *change.current, permit.caller().who.session));
    if (!proven) return wrong();
  }
  TRY(const auto fresh,
      check_new_password(core.password_rules, change.fresh, about(core, permit.object()), "new_password"));
  TRY(auto record, crypto::hash_password(fresh, core.password_params, core.entropy));
  return guarded<store::Done>(
      core, std::move(permit),
      [record = std::move(record), proven = std::move(proven), wrong,
       id = CredentialId::trusted(core.ids.next())](store::Tx& tx, const auto& p) -> Result<store::Done> {
        TRY(const auto user, require_row<User>(tx, p.object()));
        if (proven) {
          TRY(const bool good, still_proven(tx, *proven));
          if (!good) return wrong();
        }
        TRY(replace_password(tx, p.caller(), user.id, id, record));
        TRY(end_sessions(tx, p.caller(), user.id, p.caller().who.session));
        tx.act(act_of(p.caller(), "user.password_changed", kind::user, user.id.str()));
        return store::Done{};
      });
}

}  // namespace allauth::app
