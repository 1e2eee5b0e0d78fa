#include "app/identity/token_issuer.h"

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/jwt.h"

namespace allauth::app {
namespace {

constexpr std::string_view kRefreshPrefix = "ar1";

}  // namespace

Result<Secret> TokenIssuer::mint_access(UserId user, SessionId session, std::string token_id,
                                        Instant now) const {
  crypto::Claims claims{.issuer = rules_.issuer,
                        .subject = user.str(),
                        .audience = {rules_.audience},
                        .expires = now + lifetimes_.access,
                        .issued = now,
                        .id = std::move(token_id),
                        .extra = {{std::string(kSessionClaim), session.str()}}};
  TRY(auto token, crypto::mint(key_, claims, kAccessTyp));
  return Secret(std::move(token));
}

Secret TokenIssuer::mint_refresh(const SessionId& session, std::int64_t generation) const {
  const auto mac = digests_.refresh_token(session.str(), generation);
  return Secret(fmt::format("{}.{}.{}.{}", kRefreshPrefix, session.str(), generation,
                            codec::base64url_encode(codec::as_text(mac))));
}

Result<RefreshClaims> TokenIssuer::parse_refresh(const Secret& token) const {
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
