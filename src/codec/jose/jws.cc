#include "codec/jose/jws.h"

#include "codec/base64.h"
#include "codec/jose/json_object.h"

namespace allauth::jose {
namespace {

std::unexpected<Error> malformed(const char* why) {
  return fail(Code::unauthenticated, "token.malformed", "The token is not a well-formed compact JWS.", {},
              why);
}

// A header member that must be text if it is there at all.
Result<std::optional<std::string>> text_member(const JsonObject& header, std::string_view name) {
  const JsonValue* value = header.find(name);
  if (value == nullptr) return std::nullopt;
  const auto* text = std::get_if<std::string>(value);
  if (text == nullptr) return malformed("a header parameter is not a string");
  return *text;
}

struct Parts {
  std::string_view header, payload, signature;
};

std::optional<Parts> split_compact(std::string_view compact) {
  const auto first = compact.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = compact.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (compact.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{.header = compact.substr(0, first),
               .payload = compact.substr(first + 1, second - first - 1),
               .signature = compact.substr(second + 1)};
}

}  // namespace

Result<UnverifiedJws> UnverifiedJws::parse(std::string_view compact) {
  if (compact.size() > kMaxJwsSize)
    return fail(Code::unauthenticated, "token.too_large", "The token is longer than 8 KiB.");
  const auto parts = split_compact(compact);
  if (!parts) return malformed("not three parts");
  const auto header_json = codec::base64url_decode(parts->header);
  auto payload = codec::base64url_decode(parts->payload);
  auto signature = codec::base64url_decode(parts->signature);
  if (!header_json || !payload || !signature) return malformed("a part is not base64url");

  const auto header = JsonObject::parse(*header_json);
  if (!header) return malformed("the header is not a JSON object");
  if (header->find("crit") != nullptr)
    return fail(Code::unauthenticated, "token.crit", "The token demands extensions that are not supported.");
  TRY(auto alg, text_member(*header, "alg"));
  if (!alg) return malformed("no alg");

  UnverifiedJws jws;
  TRY(jws.kid_, text_member(*header, "kid"));
  TRY(jws.typ_, text_member(*header, "typ"));
  jws.alg_ = std::move(*alg);
  jws.compact_ = std::string(compact);
  jws.payload_ = std::move(*payload);
  jws.signature_ = std::move(*signature);
  jws.input_size_ = parts->header.size() + 1 + parts->payload.size();
  return jws;
}

std::string signing_input(std::string_view header_json, std::string_view payload) {
  return codec::base64url_encode(header_json) + '.' + codec::base64url_encode(payload);
}

std::string encode_jws(std::string_view signing_input, std::string_view signature) {
  return std::string(signing_input) + '.' + codec::base64url_encode(signature);
}

}  // namespace allauth::jose
