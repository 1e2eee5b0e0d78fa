// Logins: opened with a password, renewed with a refresh token that works once, ended by their user.
#pragma once

#include "app/access/gate.h"
#include "app/credential.h"
#include "app/identity/token_issuer.h"
#include "app/lists/list_page.h"
#include "model/access.h"

namespace allauth::app {

struct OpenSession {
  Session session;
  Secret access_token;
  Secret refresh_token;
};

// Checks the password: prepare it on the hashing pool. A password record of another kind or cost than today's
// is replaced by a new one of the same password in the same write; of two logins that would do so at once,
// one is asked to come again. Errors: unauthenticated login.failed; unavailable login.again.
Result<store::Write<OpenSession>> open_session(const Core& core, const TokenIssuer& issuer,
                                               const PasswordLogin& login, std::string request_id);

// A refresh token that comes a second time ends the session, since somebody else must hold a copy;
// unless it comes within kRefreshGrace of the first time, which is a client that did not get the
// answer: it is refused, no more. Reads the session to sign for it ahead of the write, where a slow
// signature would keep everybody waiting: prepare it on a reader's thread.
// Errors, unauthenticated: token.refresh.invalid, token.refresh.used, session.ended.
inline constexpr Seconds kRefreshGrace{10};
Result<store::Write<Result<OpenSession>>> refresh_session(const Core& core, const TokenIssuer& issuer,
                                                          store::Read& read, const Secret& token,
                                                          std::string request_id);

// The live sessions of the caller, newest first. Error: denied credential.session_needed, for a credential
// with scopes; so does end_session().
Result<Page<Session>> list_sessions(store::Read& read, const Caller& caller, const ListRequest& request,
                                    Instant now);

// The live sessions of any user, newest first.
Result<Page<Session>> list_sessions_of(store::Read& read, const Permit<act::ManageSessions>& permit,
                                       const ListRequest& request, Instant now);
// Ends one of them. Error: not_found object.missing.
Result<store::Write<store::Done>> end_session_of(const Core& core, Permit<act::ManageSessions> permit,
                                                 SessionId session);
// Ends all of them but `kept`, which may be empty. There may be none.
Result<store::Write<store::Done>> end_sessions_of(const Core& core, Permit<act::ManageSessions> permit,
                                                  SessionId kept);

// Ends one of the caller's own. Error: not_found object.missing.
Result<store::Write<store::Done>> end_session(const Core& core, const Caller& caller, SessionId session);

// Ends all sessions of a user but `kept`; part of a write that has an act of its own.
Result<void> end_sessions(store::Tx& tx, const Caller& caller, const UserId& user, const SessionId& kept);

}  // namespace allauth::app
