#include "app/identity/sessions.h"

#include "allauth/v1/sessions.pb.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

v1::Session encode_open(const Backend& backend, app::OpenSession&& opened) {
  const auto left = opened.session.expires_at - opened.session.rotated_at;
  v1::Session message;
  message.set_session_id(opened.session.id.str());
  message.set_user_id(opened.session.user.str());
  message.set_access_token(std::move(opened.access_token).reveal());
  message.set_refresh_token(std::move(opened.refresh_token).reveal());
  message.set_token_type("Bearer");
  message.set_expires_in(static_cast<std::uint32_t>(backend.issuer.lifetimes().access.count()));
  message.set_refresh_expires_in(
      static_cast<std::uint32_t>(std::chrono::duration_cast<Seconds>(left).count()));
  return message;
}

v1::SessionInfo encode_info(const Session& session, const app::Caller& caller) {
  v1::SessionInfo info;
  info.set_session_id(session.id.str());
  *info.mutable_created_at() = encode_time(session.stamp.created_at);
  *info.mutable_refreshed_at() = encode_time(session.rotated_at);
  *info.mutable_expires_at() = encode_time(session.expires_at);
  info.set_current(session.id == caller.who.session);
  return info;
}

v1::ListSessionsResponse encode_sessions(const app::Page<Session>& sessions, const app::Caller& caller) {
  v1::ListSessionsResponse response;
  for (const auto& session : sessions.items) *response.add_sessions() = encode_info(session, caller);
  set_page(response, sessions);
  return response;
}

void add_sessions_of_users(MethodTable& table, const Backend& backend) {
  add_read<v1::ListUserSessionsRequest, v1::ListSessionsResponse>(
      table, backend, "allauth.v1.SessionService.ListUserSessions",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListUserSessionsRequest& request) -> Result<v1::ListSessionsResponse> {
        TRY(const auto allowed, user_permit<app::act::ManageSessions>(backend, caller, request.user_id()));
        TRY(const auto list, decode_list(request));
        TRY(const auto sessions, app::list_sessions_of(read, allowed, list, backend.core.clock.now()));
        return encode_sessions(sessions, caller);
      });

  add_write<v1::DeleteUserSessionRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.SessionService.DeleteUserSession",
      [&backend](const Call& call,
                 const v1::DeleteUserSessionRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, user_permit<app::act::ManageSessions>(backend, caller, request.user_id()));
        TRY(auto session, SessionId::parse(request.session_id(), "session_id"));
        return app::end_session_of(backend.core, std::move(allowed), std::move(session));
      },
      encode_nothing());

  add_write<v1::DeleteUserSessionsRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.SessionService.DeleteUserSessions",
      [&backend](const Call& call,
                 const v1::DeleteUserSessionsRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, user_permit<app::act::ManageSessions>(backend, caller, request.user_id()));
        return app::end_sessions_of(backend.core, std::move(allowed), {});
      },
      encode_nothing());

  add_write<v1::DeleteAllSessionsRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.SessionService.DeleteAllSessions",
      [&backend](const Call& call,
                 const v1::DeleteAllSessionsRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, user_permit<app::act::ManageSessions>(backend, caller, "me"));
        return app::end_sessions_of(backend.core, std::move(allowed),
                                    request.keep_current() ? caller.who.session : SessionId());
      },
      encode_nothing());
}

}  // namespace

void add_sessions(MethodTable& table, const Backend& backend) {
  add_sessions_of_users(table, backend);

  add_hashing_write<v1::CreateSessionRequest, v1::Session>(
      table, backend, "allauth.v1.SessionService.CreateSession",
      [&backend](const Call& call, const v1::CreateSessionRequest& request) {
        return app::open_session(
            backend.core, backend.issuer,
            {request.login(), Secret(request.password()), {.address = call.peer.address}}, call.request_id);
      },
      [&backend](app::OpenSession&& opened) -> Result<v1::Session> {
        return encode_open(backend, std::move(opened));
      });

  add_reading_write<v1::RefreshSessionRequest, v1::Session>(
      table, backend, "allauth.v1.SessionService.RefreshSession",
      [&backend](store::Read& read, const Call& call, const v1::RefreshSessionRequest& request) {
        return app::refresh_session(backend.core, backend.issuer, read, Secret(request.refresh_token()),
                                    call.request_id);
      },
      [&backend](Result<app::OpenSession>&& opened) -> Result<v1::Session> {
        if (!opened) return std::unexpected(std::move(opened).error());
        return encode_open(backend, std::move(*opened));
      });

  add_read<v1::ListSessionsRequest, v1::ListSessionsResponse>(
      table, backend, "allauth.v1.SessionService.ListSessions",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListSessionsRequest& request) -> Result<v1::ListSessionsResponse> {
        TRY(const auto list, decode_list(request));
        TRY(const auto sessions, app::list_sessions(read, caller, list, backend.core.clock.now()));
        return encode_sessions(sessions, caller);
      });

  add_write<v1::DeleteSessionRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.SessionService.DeleteSession",
      [&backend](const Call& call,
                 const v1::DeleteSessionRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto caller, authenticate_call(backend, call));
        if (request.session_id() == "current")
          return app::end_session(backend.core, caller, caller.who.session);
        TRY(auto session, SessionId::parse(request.session_id(), "session_id"));
        return app::end_session(backend.core, caller, std::move(session));
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
