// ES256: ECDSA on P-256 with SHA-256 (RFC 7518 §3.4, §6.2.1).
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/invariant.h"
#include "crypto/key_kind.h"

namespace allauth::crypto {
namespace {

constexpr std::size_t kCoordinate = 32;
// The order of P-256's base point (SP 800-186 §3.2.1.3).
constexpr std::array<std::uint8_t, kCoordinate> kOrder = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

// Uncompressed: 0x04 | x | y.
using Point = std::array<std::uint8_t, 1 + 2 * kCoordinate>;

std::string coordinate(const Point& point, std::size_t offset) {
  return codec::base64url_encode(codec::as_text(std::span(point).subspan(offset, kCoordinate)));
}

// A public key from a point; null if it is not on the curve.
ossl::Key key_from(const Point& point) {
  const ossl::ParamBuilder builder(OSSL_PARAM_BLD_new());
  bool ok = builder != nullptr;
  ok = ok && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1;
  ok = ok && OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                              point.size()) == 1;
  auto key = public_from("EC", ossl::Params(ok ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr));
  if (!key) return nullptr;
  const ossl::KeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checker || EVP_PKEY_public_check(checker.get()) != 1) return nullptr;
  return key;
}

// The point of a P-256 key; nothing for one of another curve.
std::optional<Point> point_of(const EVP_PKEY* key) {
  std::array<char, 32> group{};
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) !=
          1 ||
      std::string_view(group.data()) != "prime256v1")
    return std::nullopt;
  BIGNUM* raw_x = nullptr;
  BIGNUM* raw_y = nullptr;
  const bool got_x = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &raw_x) == 1;
  const bool got_y = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &raw_y) == 1;
  const ossl::Number x(raw_x), y(raw_y);
  Point point{};
  point[0] = 0x04;
  if (!got_x || !got_y || BN_bn2binpad(x.get(), &point[1], kCoordinate) != int{kCoordinate} ||
      BN_bn2binpad(y.get(), &point[1 + kCoordinate], kCoordinate) != int{kCoordinate})
    return std::nullopt;
  return point;
}

bool is_scalar(std::string_view bytes) {
  const auto value = codec::as_bytes(bytes);
  const bool zero = std::ranges::all_of(value, [](std::uint8_t b) { return b == 0; });
  return !zero && std::ranges::lexicographical_compare(value, kOrder);
}

// DER of (r, s): SEQUENCE of two INTEGERs.
std::string der_of(std::string_view signature) {
  const auto number = [](std::string_view bytes) {
    return BN_bin2bn(codec::as_bytes(bytes).data(), int{kCoordinate}, nullptr);
  };
  const ossl::EcdsaSig sig(ECDSA_SIG_new());
  require(sig && ECDSA_SIG_set0(sig.get(), number(signature.substr(0, kCoordinate)),
                                number(signature.substr(kCoordinate))) == 1,
          "ECDSA signature");
  std::string der(static_cast<std::size_t>(std::max(0, i2d_ECDSA_SIG(sig.get(), nullptr))), '\0');
  auto* out = reinterpret_cast<std::uint8_t*>(der.data());
  require(i2d_ECDSA_SIG(sig.get(), &out) > 0, "ECDSA signature");
  return der;
}

class P256Public final : public PublicPart {
 public:
  P256Public(ossl::Key key, const Point& point)
      : key_(std::move(key)), context_(operation(key_.get(), EVP_PKEY_verify_init)), point_(point) {}

  std::string members() const override {
    return fmt::format(R"("crv":"P-256","kty":"EC","x":"{}","y":"{}")", coordinate(point_, 1),
                       coordinate(point_, 1 + kCoordinate));
  }

  bool verify(std::string_view message, std::string_view signature) const override {
    if (signature.size() != 2 * kCoordinate) return false;
    if (!is_scalar(signature.substr(0, kCoordinate)) || !is_scalar(signature.substr(kCoordinate)))
      return false;
    const Digest digest = sha256(message);
    const std::string der = der_of(signature);
    return EVP_PKEY_verify(copy_of(context_).get(), codec::as_bytes(der).data(), der.size(), digest.data(),
                           digest.size()) == 1;
  }

 private:
  const ossl::Key key_;
  const ossl::KeyContext context_;
  const Point point_;
};

class P256Private final : public PrivatePart {
 public:
  explicit P256Private(EVP_PKEY* key) : context_(operation(key, EVP_PKEY_sign_init)) {}

  Result<std::string> sign(std::string_view message) const override {
    const Digest digest = sha256(message);
    std::array<std::uint8_t, 80> der;  // at most 72 for P-256
    std::size_t size = der.size();
    if (EVP_PKEY_sign(copy_of(context_).get(), der.data(), &size, digest.data(), digest.size()) != 1)
      return not_signed();
    const std::uint8_t* at = der.data();
    const ossl::EcdsaSig sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
    std::array<std::uint8_t, 2 * kCoordinate> out;
    const bool ok =
        sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), kCoordinate) == int{kCoordinate} &&
        BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + kCoordinate, kCoordinate) == int{kCoordinate};
    if (!ok) return not_signed();
    return std::string(codec::as_text(out));
  }

 private:
  const ossl::KeyContext context_;  // holds the key
};

// Made anew from the point, so that nothing else of a foreign encoding is kept.
Result<Public> from_point(const Point& point) {
  auto key = key_from(point);
  if (!key) return bad_key("not a point on the curve");
  return std::make_unique<const P256Public>(std::move(key), point);
}

Result<Public> from_jwk(const jose::JsonObject& jwk) {
  const auto* curve = jwk.find_string("crv");
  if (curve == nullptr || *curve != "P-256") return bad_key("not on P-256");
  const std::string x = bytes_of(jwk, "x");
  const std::string y = bytes_of(jwk, "y");
  if (x.size() != kCoordinate || y.size() != kCoordinate) return bad_key("bad coordinates");
  Point point{};
  point[0] = 0x04;
  std::memcpy(&point[1], x.data(), kCoordinate);
  std::memcpy(&point[1 + kCoordinate], y.data(), kCoordinate);
  return from_point(point);
}

Result<Public> public_of(const EVP_PKEY* key) {
  const auto point = point_of(key);
  if (!point) return bad_key("not on P-256");
  return from_point(*point);
}

Result<Private> private_of(EVP_PKEY* key) { return std::make_unique<const P256Private>(key); }

EVP_PKEY* generate() { return EVP_EC_gen("P-256"); }

}  // namespace

const KeyKind kP256{.algorithm = Algorithm::es256,
                    .kty = "EC",
                    .name = "EC",
                    .from_jwk = from_jwk,
                    .public_of = public_of,
                    .private_of = private_of,
                    .generate = generate};

}  // namespace allauth::crypto
