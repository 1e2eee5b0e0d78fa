#include "app/identity/tokens.h"

#include "allauth/v1/tokens.pb.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

using Scopes = google::protobuf::RepeatedPtrField<v1::TokenScope>;

// More are refused before anything is made of them, and by the use-case beyond what is configured.
constexpr int kMostScopes = 1000;

Result<std::vector<policy::Scope>> decode_scopes(const Scopes& scopes) {
  if (scopes.size() > kMostScopes)
    return fail(Code::invalid, "token.scopes.too_many", "These are too many scopes.", "scopes");
  return decode_items<policy::Scope>("scopes", scopes, [](const v1::TokenScope& scope) {
    return policy::make_scope(scope.kind(), scope.operation(), scope.domain_id(), scope.object_id());
  });
}

void encode(const policy::Scope& scope, v1::TokenScope& message) {
  message.set_kind(scope.kind);
  message.set_operation(scope.operation);
  message.set_domain_id(scope.domain);
  if (scope.id != "*") message.set_object_id(scope.id);
}

v1::TokenState state_of(const Credential& row, Instant now) {
  if (row.status != Status::enabled) return v1::TOKEN_STATE_REVOKED;
  return row.expires_at && *row.expires_at <= now ? v1::TOKEN_STATE_EXPIRED : v1::TOKEN_STATE_ACTIVE;
}

v1::Token encode(const Credential& row, Instant now) {
  v1::Token message;
  message.set_id(row.id.str());
  message.set_user_id(row.owner_id);
  message.set_type(row.type == CredentialType::user_key ? v1::TOKEN_TYPE_API_KEY : v1::TOKEN_TYPE_PERSONAL);
  message.set_name(row.name);
  message.set_description(row.description);
  message.set_state(state_of(row, now));
  for (const auto& text : row.scopes)
    if (const auto scope = policy::parse_scope(text)) encode(*scope, *message.add_scopes());
  if (row.expires_at) *message.mutable_expires_at() = encode_time(*row.expires_at);
  if (row.revoked_at) *message.mutable_revoked_at() = encode_time(*row.revoked_at);
  encode_stamp(row.stamp, message);
  return message;
}

// Encoders of what writes answer.
auto encode_row(const Backend& backend) {
  return [&backend](Credential&& row) -> Result<v1::Token> { return encode(row, backend.core.clock.now()); };
}
auto encode_made(const Backend& backend) {
  return [&backend](app::MadeToken&& made) -> Result<v1::TokenWithSecret> {
    v1::TokenWithSecret message;
    message.set_user_id(made.row.owner_id);
    *message.mutable_token() = encode(made.row, backend.core.clock.now());
    message.set_secret(std::move(made.secret).reveal());
    return message;
  };
}

Result<std::optional<CredentialType>> decode_type(v1::TokenType type) {
  switch (type) {
    case v1::TOKEN_TYPE_UNSPECIFIED:
      return std::nullopt;
    case v1::TOKEN_TYPE_PERSONAL:
      return CredentialType::personal_token;
    case v1::TOKEN_TYPE_API_KEY:
      return CredentialType::user_key;
    default:
      return fail(Code::invalid, "token.type", "A token is personal or an api_key.", "type");
  }
}

Result<app::NewToken> decode(const v1::CreateTokenRequest& request) {
  app::NewToken token;
  TRY(const auto type, decode_type(request.type()));
  if (!type) return fail(Code::invalid, "token.type", "Say whether it is personal or an api_key.", "type");
  token.type = *type;
  TRY(token.name, parse_name(request.name()));
  TRY(token.description, parse_description(request.description()));
  TRY(token.scopes, decode_scopes(request.scopes()));
  if (request.has_expires_in()) token.lifetime = Seconds(request.expires_in());
  return token;
}

Result<app::TokenChanges> decode(const Call& call, const v1::UpdateTokenRequest& request) {
  app::TokenChanges changes;
  TRY(changes.name, decode_present<std::string>(call, "name", request.name(), parse_name));
  TRY(changes.description,
      decode_present<std::string>(call, "description", request.description(), parse_description));
  return changes;
}

template <class Act, class Request>
Result<app::Permit<Act>> permit_on(const Backend& backend, const Call& call, const Request& request) {
  TRY(const auto caller, authenticate_call(backend, call));
  return user_permit<Act>(backend, caller, request.user_id());
}

void add_token_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::ListTokensRequest, v1::ListTokensResponse>(
      table, backend, "allauth.v1.TokenService.ListTokens",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListTokensRequest& request) -> Result<v1::ListTokensResponse> {
        TRY(const auto allowed, user_permit<app::act::ManageTokens>(backend, caller, request.user_id()));
        TRY(const auto type, decode_type(request.type()));
        TRY(const auto list, decode_list(request));
        TRY(const auto tokens, app::list_tokens(read, allowed, type, list));
        v1::ListTokensResponse response;
        for (const auto& row : tokens.items) *response.add_tokens() = encode(row, backend.core.clock.now());
        set_page(response, tokens);
        return response;
      });

  add_read<v1::GetTokenRequest, v1::Token>(
      table, backend, "allauth.v1.TokenService.GetToken",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetTokenRequest& request) -> Result<v1::Token> {
        TRY(const auto allowed, user_permit<app::act::ManageTokens>(backend, caller, request.user_id()));
        TRY(const auto id, CredentialId::parse(request.token_id(), "token_id"));
        TRY(const auto row, app::get_token(read, allowed, id));
        return encode(row, backend.core.clock.now());
      });
}

template <class Request>
void add_scope_change(MethodTable& table, const Backend& backend, std::string name, app::ScopeChange how) {
  add_write<Request, v1::Token>(
      table, backend, std::move(name),
      [&backend, how](const Call& call, const Request& request) -> Result<store::Write<Credential>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit_on<app::act::IssueTokens>(backend, call, request));
        TRY(auto id, CredentialId::parse(request.token_id(), "token_id"));
        TRY(auto scopes, decode_scopes(request.scopes()));
        return app::change_scopes(backend.core, std::move(allowed), std::move(id), how, std::move(scopes),
                                  expected);
      },
      encode_row(backend));
}

void add_token_ends(MethodTable& table, const Backend& backend) {
  add_write<v1::RevokeTokenRequest, v1::Token>(
      table, backend, "allauth.v1.TokenService.RevokeToken",
      [&backend](const Call& call,
                 const v1::RevokeTokenRequest& request) -> Result<store::Write<Credential>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit_on<app::act::ManageTokens>(backend, call, request));
        TRY(auto id, CredentialId::parse(request.token_id(), "token_id"));
        return app::revoke_token(backend.core, std::move(allowed), std::move(id), expected);
      },
      encode_row(backend));

  add_write<v1::DeleteTokenRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.TokenService.DeleteToken",
      [&backend](const Call& call,
                 const v1::DeleteTokenRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit_on<app::act::ManageTokens>(backend, call, request));
        TRY(auto id, CredentialId::parse(request.token_id(), "token_id"));
        return app::delete_token(backend.core, std::move(allowed), std::move(id), expected);
      },
      encode_nothing());
}

}  // namespace

void add_tokens(MethodTable& table, const Backend& backend) {
  add_token_reads(table, backend);
  add_token_ends(table, backend);

  add_write<v1::CreateTokenRequest, v1::TokenWithSecret>(
      table, backend, "allauth.v1.TokenService.CreateToken",
      [&backend](const Call& call,
                 const v1::CreateTokenRequest& request) -> Result<store::Write<app::MadeToken>> {
        TRY(auto allowed, permit_on<app::act::IssueTokens>(backend, call, request));
        TRY(auto token, decode(request));
        return app::create_token(backend.core, std::move(allowed), std::move(token));
      },
      encode_made(backend));

  add_write<v1::UpdateTokenRequest, v1::Token>(
      table, backend, "allauth.v1.TokenService.UpdateToken",
      [&backend](const Call& call,
                 const v1::UpdateTokenRequest& request) -> Result<store::Write<Credential>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit_on<app::act::IssueTokens>(backend, call, request));
        TRY(auto id, CredentialId::parse(request.token_id(), "token_id"));
        TRY(auto changes, decode(call, request));
        return app::update_token(backend.core, std::move(allowed), std::move(id), std::move(changes),
                                 expected);
      },
      encode_row(backend));

  add_write<v1::ResetTokenRequest, v1::TokenWithSecret>(
      table, backend, "allauth.v1.TokenService.ResetToken",
      [&backend](const Call& call,
                 const v1::ResetTokenRequest& request) -> Result<store::Write<app::MadeToken>> {
        TRY(auto allowed, permit_on<app::act::IssueTokens>(backend, call, request));
        TRY(auto id, CredentialId::parse(request.token_id(), "token_id"));
        std::optional<Seconds> lifetime;
        if (request.has_expires_in()) lifetime = Seconds(request.expires_in());
        return app::reset_token(backend.core, std::move(allowed), std::move(id), lifetime);
      },
      encode_made(backend));

  using enum app::ScopeChange;
  add_scope_change<v1::SetTokenScopesRequest>(table, backend, "allauth.v1.TokenService.SetTokenScopes", set);
  add_scope_change<v1::AddTokenScopesRequest>(table, backend, "allauth.v1.TokenService.AddTokenScopes", add);
  add_scope_change<v1::RemoveTokenScopesRequest>(table, backend, "allauth.v1.TokenService.RemoveTokenScopes",
                                                 remove);
}

}  // namespace allauth::wire::native
