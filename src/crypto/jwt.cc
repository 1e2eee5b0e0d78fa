#include "crypto/jwt.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/jose/json_object.h"

namespace allauth::crypto {
namespace {

constexpr std::array<std::string_view, 7> kRegistered = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti"};
// 9999-12-31T23:59:59Z: the last time that RFC 3339 can write.
constexpr std::int64_t kLastSecond = 253'402'300'799;

std::unexpected<Error> refuse(Reason reason, std::string message, std::string_view field = {}) {
  return fail(Code::unauthenticated, reason, std::move(message), std::string(field));
}

std::unexpected<Error> bad_claim(std::string_view name) {
  return refuse("token.claim.invalid", fmt::format("The token's claim \"{}\" has a wrong value.", name),
                name);
}

// Reads claims by name; a missing one and one of the wrong type are different errors.
class Reader {
 public:
  explicit Reader(const jose::JsonObject& json) : json_(json) {}

  Result<std::string> text(std::string_view name) const {
    TRY(const auto* value, required(name));
    const auto* text = std::get_if<std::string>(value);
    if (text == nullptr || text->empty()) return bad_claim(name);
    return *text;
  }

  // RFC 7519 §4.1.3: one string, or an array of strings.
  Result<std::vector<std::string>> audience() const {
    TRY(const auto* value, required("aud"));
    std::vector<std::string> list;
    if (const auto* one = std::get_if<std::string>(value)) {
      list.push_back(*one);
    } else if (const auto* many = std::get_if<jose::StringList>(value)) {
      list = *many;
    }
    const bool blank = std::ranges::any_of(list, [](const std::string& a) { return a.empty(); });
    if (list.empty() || blank) return bad_claim("aud");
    return list;
  }

  // RFC 7519 §2, NumericDate: seconds since 1970, perhaps with a fraction.
  Result<Instant> time(std::string_view name) const {
    TRY(const auto* value, required(name));
    if (const auto* whole = std::get_if<std::int64_t>(value)) {
      if (*whole < 0 || *whole > kLastSecond) return bad_claim(name);
      return from_millis(*whole * 1000);
    }
    const auto* number = std::get_if<double>(value);
    // Written so that a NaN fails too.
    if (number == nullptr || !(*number >= 0 && *number <= static_cast<double>(kLastSecond)))
      return bad_claim(name);
    return from_millis(static_cast<std::int64_t>(std::floor(*number * 1000)));
  }

  Result<std::optional<Instant>> time_if_there(std::string_view name) const {
    if (json_.find(name) == nullptr) return std::nullopt;
    TRY(const Instant at, time(name));
    return at;
  }

  std::vector<std::pair<std::string, std::string>> extra() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [name, value] : json_.members()) {
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr && std::ranges::find(kRegistered, name) == kRegistered.end())
        out.emplace_back(name, *text);
    }
    return out;
  }

 private:
  Result<const jose::JsonValue*> required(std::string_view name) const {
    const auto* value = json_.find(name);
    if (value == nullptr)
      return refuse("token.claim.missing", fmt::format("The token lacks the claim \"{}\".", name), name);
    return value;
  }

  const jose::JsonObject& json_;
};

Result<Claims> read_claims(const jose::JsonObject& json) {
  const Reader reader(json);
  Claims claims;
  TRY(claims.issuer, reader.text("iss"));
  TRY(claims.subject, reader.text("sub"));
  TRY(claims.audience, reader.audience());
  TRY(claims.expires, reader.time("exp"));
  TRY(claims.issued, reader.time("iat"));
  TRY(claims.not_before, reader.time_if_there("nbf"));
  TRY(claims.id, reader.text("jti"));
  claims.extra = reader.extra();
  return claims;
}

// RFC 7515 §4.1.9: media types compare without case, and "application/" may be left out.
std::string plain_typ(std::string_view typ) {
  std::string lower = ascii_lower(typ);
  constexpr std::string_view prefix = "application/";
  if (lower.starts_with(prefix)) lower.erase(0, prefix.size());
  return lower;
}

Result<void> check_claims(const Claims& claims, const Expectation& expected, Instant now) {
  if (claims.issuer != expected.issuer)
    return refuse("token.issuer", "The token is of another issuer.", "iss");
  if (std::ranges::find(claims.audience, expected.audience) == claims.audience.end())
    return refuse("token.audience", "The token is not meant for this service.", "aud");
  const Seconds leeway = std::clamp(expected.leeway, Seconds(0), Seconds(60));
  if (now >= claims.expires + leeway) return refuse("token.expired", "The token has expired.", "exp");
  if (claims.not_before && now + leeway < *claims.not_before)
    return refuse("token.not_yet", "The token is not valid yet.", "nbf");
  if (now + leeway < claims.issued) return refuse("token.not_yet", "The token is from the future.", "iat");
  return {};
}

void append_member(std::string& json, std::string_view name, std::string_view text) {
  json += json.empty() ? '{' : ',';
  append_json_string(json, name);
  json += ':';
  append_json_string(json, text);
}

void append_time(std::string& json, std::string_view name, Instant at) {
  const auto seconds = std::chrono::floor<Seconds>(at).time_since_epoch().count();
  fmt::format_to(std::back_inserter(json), R"(,"{}":{})", name, seconds);
}

std::string claims_json(const Claims& claims) {
  std::string json;
  append_member(json, "iss", claims.issuer);
  append_member(json, "sub", claims.subject);
  if (claims.audience.size() == 1) {
    append_member(json, "aud", claims.audience.front());
  } else {
    std::string list;
    for (const auto& one : claims.audience) {
      list += list.empty() ? '[' : ',';
      append_json_string(list, one);
    }
    json += R"(,"aud":)" + list + ']';
  }
  append_time(json, "exp", claims.expires);
  if (claims.not_before) append_time(json, "nbf", *claims.not_before);
  append_time(json, "iat", claims.issued);
  append_member(json, "jti", claims.id);
  for (const auto& [name, text] : claims.extra) append_member(json, name, text);
  return json + '}';
}

Result<void> check_signature(const jose::UnverifiedJws& jws, const KeySet& keys) {
  const auto not_accepted = [] {
    return refuse("token.alg", "The token is signed with an algorithm that is not accepted.");
  };
  const auto algorithm = find_algorithm(jws.alg());
  if (!algorithm) return not_accepted();
  if (!jws.kid()) return refuse("token.kid.missing", "The token does not say which key signed it.");
  const auto check = [&](const auto& key) -> Result<void> {
    if (*algorithm != key.algorithm()) return not_accepted();
    if (key.verify(jws.signing_input(), jws.signature())) return {};
    return refuse("token.signature", "The token's signature is wrong.");
  };
  if (const auto* key = keys.find(*jws.kid())) return check(*key);
  if (const auto* key = keys.find_shared(*jws.kid())) return check(*key);
  return refuse("token.kid.unknown", "The token is signed with an unknown key.");
}

template <class Key>
Result<std::string> mint_with(const Key& key, const Claims& claims, std::string_view typ) {
  std::string header = fmt::format(R"({{"alg":"{}","typ":)", jose_name(key.algorithm()));
  append_json_string(header, typ);
  header += R"(,"kid":)";
  append_json_string(header, key.kid());
  header += '}';
  const std::string payload = claims_json(claims);
  const auto unacceptable = [] {
    return fail(Code::bug, "token.claims", "The claims of a token to be made are not acceptable.");
  };
  // What we sign must be what we would accept: the same reader decides both.
  const auto json = jose::JsonObject::parse(payload);
  const auto read = json ? read_claims(*json) : refuse("token.malformed", "Not a claim set.");
  const bool same_extra = read && read->extra == claims.extra;
  if (!same_extra || typ.empty()) return unacceptable();
  const std::string input = jose::signing_input(header, payload);
  TRY(const std::string signature, key.sign(input));
  std::string token = jose::encode_jws(input, signature);
  if (token.size() > jose::kMaxJwsSize) return unacceptable();
  return token;
}

}  // namespace

const std::string* VerifiedJwt::extra(std::string_view name) const {
  const auto it =
      std::ranges::find_if(claims_.extra, [&](const auto& member) { return member.first == name; });
  return it == claims_.extra.end() ? nullptr : &it->second;
}

Result<VerifiedJwt> verify(const jose::UnverifiedJws& jws, const KeySet& keys, const Expectation& expected,
                           Instant now) {
  TRY(check_signature(jws, keys));
  if (!jws.typ() || plain_typ(*jws.typ()) != plain_typ(expected.typ))
    return refuse("token.typ", "The token is of another type.");
  const auto json = jose::JsonObject::parse(jws.payload_to_verify());
  if (!json) return refuse("token.malformed", "The token's payload is not a JSON object.");
  TRY(Claims claims, read_claims(*json));
  TRY(check_claims(claims, expected, now));
  return VerifiedJwt(std::move(claims), *jws.kid());
}

Result<std::string> mint(const SigningKey& key, const Claims& claims, std::string_view typ) {
  return mint_with(key, claims, typ);
}

Result<std::string> mint(const SharedKey& key, const Claims& claims, std::string_view typ) {
  return mint_with(key, claims, typ);
}

}  // namespace allauth::crypto
