// RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3, §6.3.1).
#include <fmt/format.h>
#include <openssl/rsa.h>

#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/invariant.h"
#include "crypto/key.h"
#include "crypto/key_kind.h"

namespace allauth::crypto {
namespace {

// The context of an operation on SHA-256 digests.
ossl::KeyContext rs256(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*)) {
  auto context = operation(key, init);
  require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1,
          "RSA context");
  return context;
}

std::string text_of(const BIGNUM* number) {
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<std::uint8_t*>(bytes.data()));
  return codec::base64url_encode(bytes);
}

class RsaPublic final : public PublicPart {
 public:
  RsaPublic(ossl::Key key, const BIGNUM* n, const BIGNUM* e)
      : key_(std::move(key)),
        context_(rs256(key_.get(), EVP_PKEY_verify_init)),
        size_(static_cast<std::size_t>(BN_num_bytes(n))),
        members_(fmt::format(R"("e":"{}","kty":"RSA","n":"{}")", text_of(e), text_of(n))) {}

  std::string members() const override { return members_; }

  bool verify(std::string_view message, std::string_view signature) const override {
    if (signature.size() != size_) return false;
    const Digest digest = sha256(message);
    return EVP_PKEY_verify(copy_of(context_).get(), codec::as_bytes(signature).data(), signature.size(),
                           digest.data(), digest.size()) == 1;
  }

 private:
  const ossl::Key key_;
  const ossl::KeyContext context_;
  const std::size_t size_;
  const std::string members_;
};

class RsaPrivate final : public PrivatePart {
 public:
  explicit RsaPrivate(EVP_PKEY* key)
      : context_(rs256(key, EVP_PKEY_sign_init)), size_(static_cast<std::size_t>(EVP_PKEY_get_size(key))) {}

  Result<std::string> sign(std::string_view message) const override {
    const Digest digest = sha256(message);
    std::string out(size_, '\0');
    std::size_t size = out.size();
    if (EVP_PKEY_sign(copy_of(context_).get(), reinterpret_cast<std::uint8_t*>(out.data()), &size,
                      digest.data(), digest.size()) != 1 ||
        size != size_)
      return not_signed();
    return out;
  }

 private:
  const ossl::KeyContext context_;  // holds the key
  const std::size_t size_;
};

// Exponents as FIPS 186-5 §5.4 wants them, but bounded: a long one would make verifying slow.
Result<Public> from_numbers(const BIGNUM* n, const BIGNUM* e) {
  const auto bits = static_cast<std::size_t>(BN_num_bits(n));
  if (bits < kMinRsaBits || bits > kMaxRsaBits) return bad_key("not of 2048 to 4096 bits");
  if (BN_is_odd(n) == 0 || BN_is_odd(e) == 0 || BN_num_bits(e) < 17 || BN_num_bits(e) > 32)
    return bad_key("bad modulus or exponent");
  const ossl::ParamBuilder builder(OSSL_PARAM_BLD_new());
  const bool ok = builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e) == 1;
  auto key = public_from("RSA", ossl::Params(ok ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr));
  if (!key) return bad_key("not an RSA key");
  return std::make_unique<const RsaPublic>(std::move(key), n, e);
}

// RFC 7518 §2: Base64urlUInt has no leading zero bytes.
ossl::Number number_of(const jose::JsonObject& jwk, std::string_view name) {
  const std::string bytes = bytes_of(jwk, name);
  if (bytes.empty() || bytes.front() == '\0' || bytes.size() > kMaxRsaBits / 8) return nullptr;
  return ossl::Number(BN_bin2bn(codec::as_bytes(bytes).data(), static_cast<int>(bytes.size()), nullptr));
}

Result<Public> from_jwk(const jose::JsonObject& jwk) {
  const auto n = number_of(jwk, "n");
  const auto e = number_of(jwk, "e");
  if (!n || !e) return bad_key("no modulus or exponent");
  return from_numbers(n.get(), e.get());
}

Result<Public> public_of(const EVP_PKEY* key) {
  BIGNUM* raw_n = nullptr;
  BIGNUM* raw_e = nullptr;
  const bool got_n = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &raw_n) == 1;
  const bool got_e = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw_e) == 1;
  const ossl::Number n(raw_n), e(raw_e);
  if (!got_n || !got_e) return bad_key("no modulus or exponent");
  return from_numbers(n.get(), e.get());
}

Result<Private> private_of(EVP_PKEY* key) { return std::make_unique<const RsaPrivate>(key); }

EVP_PKEY* generate() { return EVP_RSA_gen(kNewRsaBits); }

}  // namespace

const KeyKind kRsa{.algorithm = Algorithm::rs256,
                   .kty = "RSA",
                   .name = "RSA",
                   .from_jwk = from_jwk,
                   .public_of = public_of,
                   .private_of = private_of,
                   .generate = generate};

}  // namespace allauth::crypto
