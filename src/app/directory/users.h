// Users: people with a login.
#pragma once

#include "app/access/gate.h"
#include "app/directory/common.h"
#include "app/lists/list_page.h"
#include "model/entities.h"

namespace allauth::app {

struct NewUser {
  std::string email;     // parse_email
  std::string username;  // parse_username; may be empty
  CommonFields common;
  Secret password;            // by the rules of Core
  std::string password_hash;  // instead of a password: that of another system (crypto/password.h)
};

// What is absent stays as it is.
struct UserChanges {
  std::optional<std::string> email, username;
  CommonChanges common;
};

// Hashes the password: prepare it on the hashing pool. Errors: conflict email.taken, username.taken; invalid
// password.both; those of check_new_password or crypto::check_password_record.
Result<store::Write<User>> create_user(const Core& core, Permit<act::CreateUser> permit, NewUser user);

Result<User> get_user(store::Read& read, const Permit<act::ReadUser>& permit);
Result<Page<User>> list_users(store::Read& read, const Permit<act::ListUsers>& permit,
                              const ListRequest& request);

// Error: denied email.fixed, when somebody changes an e-mail address who does not manage users.
Result<store::Write<User>> update_user(const Core& core, Permit<act::UpdateUser> permit, UserChanges changes,
                                       std::optional<Revision> expected);

// Disabling ends all sessions. Error: conflict admin.last, when it is the last platform administrator
// that could still log in.
Result<store::Write<User>> set_user_status(const Core& core, Permit<act::EnableUser> permit, Status status,
                                           std::optional<Revision> expected);

// Errors: conflict owner.last (the only owner of a domain), admin.last.
Result<store::Write<store::Done>> delete_user(const Core& core, Permit<act::DeleteUser> permit,
                                              std::optional<Revision> expected);

// Whoever changes their own password must show the current one. All other sessions end.
// Prepare it on the hashing pool. Errors: denied password.wrong, invalid password.current_missing;
// those of check_new_password.
struct PasswordChange {
  std::optional<Secret> current;
  Secret fresh;  // by the rules of Core
};
Result<store::Write<store::Done>> change_password(const Core& core, Permit<act::ChangePassword> permit,
                                                  PasswordChange change);

// Inserts the user and a password for them; part of a write with an act of its own.
Result<User> insert_user(store::Tx& tx, const Caller& caller, User user, CredentialId credential,
                         std::string record);

}  // namespace allauth::app
