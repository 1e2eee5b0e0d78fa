#include "app/identity/access_tokens.h"

#include "codec/jose/jws.h"
#include "crypto/jwt.h"

namespace allauth::app {
namespace {

Result<std::shared_ptr<const AccessClaims>> read_claims(const crypto::VerifiedJwt& jwt) {
  const std::string* session = jwt.extra(kSessionClaim);
  if (session == nullptr)
    return fail(Code::unauthenticated, "token.claim.missing", "The access token has no session.", "sid");
  TRY(auto user, UserId::parse(jwt.claims().subject, "sub"));
  TRY(auto sid, SessionId::parse(*session, "sid"));
  return std::make_shared<const AccessClaims>(std::move(user), std::move(sid), jwt.claims().expires);
}

}  // namespace

Result<std::shared_ptr<const AccessClaims>> AccessTokens::verify_access(const Secret& token,
                                                                        Instant now) const {
  return token.with([&](std::string_view text) -> Result<std::shared_ptr<const AccessClaims>> {
    if (auto known = cache_.find(text, now)) return known;
    const auto epoch = cache_.epoch();
    TRY(const auto jws, jose::UnverifiedJws::parse(text));
    TRY(const auto jwt,
        crypto::verify(jws, trusted_, {rules_.issuer, rules_.audience, std::string(kAccessTyp)}, now));
    TRY(auto claims, read_claims(jwt));
    cache_.put(text, claims, claims->expires, epoch);
    return claims;
  });
}

}  // namespace allauth::app
