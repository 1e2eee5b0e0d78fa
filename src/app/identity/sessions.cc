#include "app/identity/sessions.h"

#include "app/directory/change.h"
#include "app/identity/passwords.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

Result<void> revoke(store::Tx& tx, const Caller& caller, Session session) {
  session.state = SessionState::revoked;
  touch(session.stamp, tx, caller);
  return store::update(tx, session);
}

Result<OpenSession> with_tokens(const TokenIssuer& issuer, Session session, std::string token_id,
                                Instant now) {
  TRY(auto access, issuer.mint_access(session.user, session.id, std::move(token_id), now));
  auto refresh = issuer.mint_refresh(session.id, session.generation);
  return OpenSession{std::move(session), std::move(access), std::move(refresh)};
}

// Ends it if it is the user's and lives.
Result<void> end_one(store::Tx& tx, const Caller& caller, const UserId& user, const SessionId& session) {
  TRY(auto row, require_row<Session>(tx, session));
  if (row.user != user || row.state != SessionState::active) return missing_object();
  TRY(revoke(tx, caller, std::move(row)));
  tx.act(act_of(caller, "session.ended", "session", session.str()));
  return {};
}

std::unexpected<Error> ended() {
  return fail(Code::unauthenticated, "session.ended", "The session has ended; log in again.");
}

// The record that was proven has gone: another login renewed it, or the password was changed.
std::unexpected<Error> again() {
  return fail(Error{.code = Code::unavailable,
                    .reason = "login.again",
                    .message = "The password's record was renewed meanwhile; log in again.",
                    .retry_after = Seconds(1)});
}

// Signed ahead of the write for the session as it was, which cannot have become another user's.
struct Renewal {
  RefreshClaims claims;
  std::optional<Secret> access_token;  // none for a token that was used before
  std::string request_id;
};

Result<Renewal> prepare_renewal(const Core& core, const TokenIssuer& issuer, store::Read& read,
                                RefreshClaims claims, std::string request_id) {
  TRY(const auto session, store::find<Session>(read, claims.session));
  if (!session) return ended();
  Renewal renewal{std::move(claims), {}, std::move(request_id)};
  if (renewal.claims.generation != session->generation) return renewal;
  TRY(renewal.access_token,
      issuer.mint_access(session->user, session->id, core.ids.next(), core.clock.now()));
  return renewal;
}

// A token of the session that is not its newest. Committed although the answer is a refusal: the end of the
// session must not be rolled back.
Result<Result<OpenSession>> used_before(store::Tx& tx, const Caller& caller, Session session,
                                        std::int64_t generation) {
  const auto used = [] {
    return fail(Code::unauthenticated, "token.refresh.used", "This refresh token was used before.");
  };
  const bool retry = generation == session.generation - 1 && tx.now() < session.rotated_at + kRefreshGrace;
  if (retry) return used();
  const std::string id = session.id.str();
  TRY(revoke(tx, caller, std::move(session)));
  tx.act(act_of(caller, "session.reuse_detected", "session", id));
  return Result<OpenSession>(used());
}

Result<Result<OpenSession>> renew(const Core& core, const TokenIssuer& issuer, store::Tx& tx,
                                  const Renewal& renewal) {
  TRY(auto found, store::find<Session>(tx, renewal.claims.session));
  if (!found || found->state != SessionState::active || found->expires_at <= tx.now()) return ended();
  Session session = std::move(*found);
  const Caller caller{{.principal = {PrincipalKind::user, session.user.str()}, .session = session.id},
                      renewal.request_id};
  TRY(core.now().check_usable());
  if (!core.now().thing(kind::user, session.user.str()).enabled()) return ended();
  if (!renewal.access_token || renewal.claims.generation != session.generation)
    return used_before(tx, caller, std::move(session), renewal.claims.generation);
  ++session.generation;
  session.rotated_at = tx.now();
  touch(session.stamp, tx, caller);
  TRY(store::update(tx, session));
  tx.act(act_of(caller, "session.refreshed", "session", session.id.str()));
  auto refresh = issuer.mint_refresh(session.id, session.generation);
  return Result<OpenSession>(
      OpenSession{std::move(session), renewal.access_token->copy(), std::move(refresh)});
}

}  // namespace

Result<store::Write<OpenSession>> open_session(const Core& core, const TokenIssuer& issuer,
                                               const PasswordLogin& login, std::string request_id) {
  const auto failed = [] {
    return fail(Code::unauthenticated, "login.failed", "Login or password is wrong.");
  };
  TRY(auto proven, prove_password(core, login));
  if (!proven) return failed();
  const Caller caller{{.principal = {PrincipalKind::user, proven->user.str()}}, std::move(request_id)};
  // The signature is made here, not under the writer's lock.
  const Instant now = core.clock.now();
  Session session{.id = SessionId::trusted(core.ids.next()),
                  .user = proven->user,
                  .rotated_at = now,
                  .expires_at = now + issuer.lifetimes().refresh};
  TRY(auto opened, with_tokens(issuer, std::move(session), core.ids.next(), now));
  auto renewed = renewed_record(core, *proven, login.password);
  return store::Write<OpenSession>{
      .recheck = {},
      .run = [opened = std::move(opened), caller, proven = std::move(*proven), renewed = std::move(renewed),
              failed](store::Tx& tx) -> Result<OpenSession> {
        TRY(const bool good, still_proven(tx, proven));
        if (!good) return proven.outdated ? again() : failed();
        if (renewed) TRY(replace_record(tx, caller, proven, *renewed));
        Session session = opened.session;
        session.stamp = fresh_stamp(tx, caller);
        TRY(store::insert(tx, session));
        tx.act(act_of(caller, "session.opened", "session", session.id.str()));
        return OpenSession{std::move(session), opened.access_token.copy(), opened.refresh_token.copy()};
      }};
}

Result<store::Write<Result<OpenSession>>> refresh_session(const Core& core, const TokenIssuer& issuer,
                                                          store::Read& read, const Secret& token,
                                                          std::string request_id) {
  TRY(auto claims, issuer.parse_refresh(token));
  TRY(auto renewal, prepare_renewal(core, issuer, read, std::move(claims), std::move(request_id)));
  return store::Write<Result<OpenSession>>{
      .recheck = {}, .run = [&core, &issuer, renewal = std::move(renewal)](store::Tx& tx) {
        return renew(core, issuer, tx, renewal);
      }};
}

Result<Page<Session>> list_sessions(store::Read& read, const Caller& caller, const ListRequest& request,
                                    Instant now) {
  TRY(require_takes(caller, Takes::whole));
  const auto& who = caller.who.principal;
  if (who.kind != PrincipalKind::user)
    return list_few<Session>({}, store::list::live_sessions_of_user(), request);
  return list_page<Session>(read, store::list::live_sessions_of_user(), request, who.id, now);
}

Result<Page<Session>> list_sessions_of(store::Read& read, const Permit<act::ManageSessions>& permit,
                                       const ListRequest& request, Instant now) {
  return list_page<Session>(read, store::list::live_sessions_of_user(), request, permit.object(), now);
}

Result<store::Write<store::Done>> end_session(const Core& core, const Caller& caller, SessionId session) {
  TRY(require_takes(caller, Takes::whole));
  return store::Write<store::Done>{
      .recheck = [&core, who = caller.who]() -> Result<void> {
        TRY(core.now().check_usable());
        if (still_valid(core.now(), who, core.clock.now()).granted()) return {};
        return ended();
      },
      .run = [caller, session = std::move(session)](store::Tx& tx) -> Result<store::Done> {
        if (caller.who.principal.kind != PrincipalKind::user) return missing_object();
        TRY(end_one(tx, caller, UserId::trusted(caller.who.principal.id), session));
        return store::Done{};
      }};
}

Result<store::Write<store::Done>> end_session_of(const Core& core, Permit<act::ManageSessions> permit,
                                                 SessionId session) {
  return guarded<store::Done>(
      core, std::move(permit),
      [session = std::move(session)](store::Tx& tx, const auto& p) -> Result<store::Done> {
        TRY(end_one(tx, p.caller(), p.object(), session));
        return store::Done{};
      });
}

Result<store::Write<store::Done>> end_sessions_of(const Core& core, Permit<act::ManageSessions> permit,
                                                  SessionId kept) {
  return guarded<store::Done>(core, std::move(permit),
                              [kept = std::move(kept)](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(end_sessions(tx, p.caller(), p.object(), kept));
                                tx.act(act_of(p.caller(), "user.signed_out", kind::user, p.object().str()));
                                return store::Done{};
                              });
}

Result<void> end_sessions(store::Tx& tx, const Caller& caller, const UserId& user, const SessionId& kept) {
  TRY(auto rows, store::select<Session>(tx, store::lookup::kActiveSessionsOfUser, user));
  for (auto& row : rows)
    if (row.id != kept) TRY(revoke(tx, caller, std::move(row)));
  return {};
}

}  // namespace allauth::app
