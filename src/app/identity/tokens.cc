#include "app/identity/tokens.h"

#include "base/text.h"
#include "codec/base64.h"
#include "codec/jose/jws.h"

namespace allauth::app {
namespace {

constexpr std::string_view kSessionClaim = "sid";
constexpr std::string_view kRefreshPrefix = "ar1";

Result<AccessClaims> read_claims(const crypto::VerifiedJwt& jwt) {
  const std::string* session = jwt.extra(kSessionClaim);
  if (session == nullptr)
    return fail(Code::unauthenticated, "token.claim.missing", "The access token has no session.", "sid");
  TRY(auto user, UserId::parse(jwt.claims().subject, "sub"));
  TRY(auto sid, SessionId::parse(*session, "sid"));
  return AccessClaims{std::move(user), std::move(sid), jwt.claims().expires};
}

}  // namespace

Result<Secret> Tokens::mint_access(UserId user, SessionId session, std::string token_id, Instant now) const {
  crypto::Claims claims{.issuer = rules_.issuer,
                        .subject = user.str(),
                        .audience = {rules_.audience},
                        .expires = now + rules_.access_lifetime,
                        .issued = now,
                        .id = std::move(token_id),
                        .extra = {{std::string(kSessionClaim), session.str()}}};
  TRY(auto token, crypto::mint(key_, claims, kAccessTyp));
  return Secret(std::move(token));
}

Result<AccessClaims> Tokens::verify_access(const Secret& token, Instant now) const {
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

Secret Tokens::mint_refresh(const SessionId& session, std::int64_t generation) const {
  const auto mac = digests_.refresh_token(session.str(), generation);
  return Secret(fmt::format("{}.{}.{}.{}", kRefreshPrefix, session.str(), generation,
                            codec::base64url_encode(codec::as_text(mac))));
}

Result<RefreshClaims> Tokens::parse_refresh(const Secret& token) const {
  return token.with([&](std::string_view text) -> Result<RefreshClaims> {
    const auto bad = [] {
      return fail(Code::unauthenticated, "token.refresh.invalid", "This is not a refresh token of ours.");
    };
    if (text.size() > 256) return bad();
    const auto parts = split(text, '.');
    if (parts.size() != 4 || parts[0] != kRefreshPrefix || !is_id(parts[1])) return bad();
    const auto generation = parse_u64(parts[2]);
    const auto mac = codec::base64url_decode(parts[3]);
    if (!generation || *generation > INT64_MAX || !mac) return bad();
    RefreshClaims claims{SessionId::trusted(std::string(parts[1])), static_cast<std::int64_t>(*generation)};
    if (!crypto::equal_ct(codec::as_text(digests_.refresh_token(claims.session.str(), claims.generation)),
                          *mac))
      return bad();
    return claims;
  });
}

}  // namespace allauth::app
