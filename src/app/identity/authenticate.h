// Who is this? From a credential to a principal.
#pragma once

#include "app/caller.h"
#include "app/core.h"
#include "app/credential.h"

namespace allauth::app {

// Burns the milliseconds of a password hash for a PasswordLogin, so that goes on the hashing pool;
// the others are answered from memory. A credential that does not hold is Rejected; an Error means
// that nothing could be decided.
// Error: that of LoginThrottle::admit, too.
// Reasons of Rejected: those of AccessTokens::verify_access, login.failed, key.unknown, token.unknown,
// user.disabled, client.disabled, domain.disabled, session.revoked, credential.expired, key.revoked,
// token.revoked.
Result<AuthenticateOutcome> authenticate(const Core& core, const PresentedCredential& credential);

// What comes as a bearer token: an access token, a personal token or a user key, each told by its prefix.
Result<AuthenticateOutcome> authenticate_bearer(const Core& core, const Secret& token);
Result<AuthenticateOutcome> authenticate_token(const Core& core, const Secret& token);
Result<AuthenticateOutcome> authenticate_password(const Core& core, const PasswordLogin& credential);
Result<AuthenticateOutcome> authenticate_key(const Core& core, const ClientKey& credential);
Result<AuthenticateOutcome> authenticate_personal_token(const Core& core, const Secret& token);
Result<AuthenticateOutcome> authenticate_user_key(const Core& core, const Secret& key);

// The same for those who need a principal or nothing: Rejected and Challenge become Errors
// (unauthenticated, with the reason of the rejection).
Result<Authenticated> require_authenticated(Result<AuthenticateOutcome> outcome);

}  // namespace allauth::app
