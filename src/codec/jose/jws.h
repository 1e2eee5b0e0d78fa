// A compact JWS (RFC 7515 §7.1) taken apart, but not believed: the first step of the ladder
// UnverifiedJws -> crypto::verify -> crypto::VerifiedJwt.
//
// Strict on purpose: at most 8 KiB, exactly three parts, canonical base64url, a header that is a
// JSON object without duplicate members, and no `crit` (RFC 7515 §4.1.11: whoever does not know a
// critical extension must refuse; we know none). `jku`, `jwk`, `x5u` and `x5c` are ignored: a token
// never brings its own key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace allauth::jose {

inline constexpr std::size_t kMaxJwsSize = 8 * 1024;

// Owns its text. Immutable; thread-safe to read.
class UnverifiedJws {
 public:
  // Errors, all Code::unauthenticated: token.too_large, token.malformed, token.crit.
  static Result<UnverifiedJws> parse(std::string_view compact);

  // Hints for finding the key. Chosen by whoever made the text.
  const std::string& alg() const { return alg_; }
  const std::optional<std::string>& kid() const { return kid_; }
  const std::optional<std::string>& typ() const { return typ_; }

  // What the signature is made over: the text before the second dot. Lives as long as this object.
  std::string_view signing_input() const { return std::string_view(compact_).substr(0, input_size_); }
  // Decoded bytes; may be empty, as in an unsecured JWS.
  const std::string& signature() const { return signature_; }
  // Decoded bytes. Only to be read once the signature has been verified.
  const std::string& payload_to_verify() const { return payload_; }
  // The text as it was parsed.
  const std::string& compact() const { return compact_; }

 private:
  UnverifiedJws() = default;
  std::string compact_, alg_, payload_, signature_;
  std::optional<std::string> kid_, typ_;
  std::size_t input_size_ = 0;
};

// BASE64URL(header) "." BASE64URL(payload): what is to be signed.
std::string signing_input(std::string_view header_json, std::string_view payload);
// The whole token.
std::string encode_jws(std::string_view signing_input, std::string_view signature);

}  // namespace allauth::jose
