// The first start and the way back in: the platform's role, a one-time setup token, the first
// administrator.
#pragma once

#include "app/core.h"
#include "app/directory/users.h"
#include "app/identity/digests.h"
#include "model/access.h"

namespace allauth::app {

// True once the platform's built-in role exists, which the first start makes.
Result<bool> is_prepared(store::Read& read);

// Makes the platform's built-in role, and keeps the digest of a one-time token.
store::Write<store::Done> prepare_platform(const crypto::Digest& setup_token);

// Puts a new one-time token in place of any old one, for a locked-out operator with access to the
// database. Whoever spends it becomes a further administrator.
store::Write<store::Done> renew_setup_token(const crypto::Digest& setup_token);

// "ast_" and 160 random bits.
Secret make_setup_token(Entropy& entropy);

struct FirstAdmin {
  Secret setup_token;
  std::string email, name;
  Secret password;
};

// Creates a platform administrator and spends the token. Prepare it on the hashing pool; a wrong token
// is refused before any hashing. Errors: denied setup.token, conflict email.taken; those of
// check_new_password.
Result<store::Write<User>> create_first_admin(const Core& core, const TokenDigests& digests,
                                              store::Store& store, FirstAdmin admin, std::string request_id);

}  // namespace allauth::app
