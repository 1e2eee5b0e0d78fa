#include "app/identity/access_tokens.h"

#include "codec/jose/jws.h"

namespace allauth::app {
namespace {

Result<AccessClaims> read_claims(const crypto::VerifiedJwt& jwt) {
  const std::string* session = jwt.extra(kSessionClaim);
  if (session == nullptr)
    return fail(Code::unauthenticated, "token.claim.missing", "The access token has no session.", "sid");
  TRY(auto user, UserId::parse(jwt.claims().subject, "sub"));
  TRY(auto sid, SessionId::parse(*session, "sid"));
  return AccessClaims{std::move(user), std::move(sid), jwt.claims().expires};
}

}  // namespace

Result<AccessClaims> AccessTokens::verify_access(const Secret& token, Instant now) const {
  return token.with([&](std::string_view text) -> Result<AccessClaims> {
    if (const auto known = cache_.find(text, now)) return read_claims(*known);
    const auto epoch = cache_.epoch();
    TRY(const auto jws, jose::UnverifiedJws::parse(text));
    TRY(auto jwt,
        crypto::verify(jws, trusted_, {rules_.issuer, rules_.audience, std::string(kAccessTyp)}, now));
    TRY(auto claims, read_claims(jwt));
    cache_.put(text, std::make_shared<const crypto::VerifiedJwt>(std::move(jwt)), epoch);
    return claims;
  });
}

}  // namespace allauth::app
