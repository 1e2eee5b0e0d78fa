#include "crypto/key.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/jose/json_object.h"
#include "crypto/hash.h"
#include "crypto/invariant.h"
#include "crypto/openssl.h"

namespace allauth::crypto {
namespace {

constexpr std::size_t kCoordinate = 32;
// The order of P-256's base point (SP 800-186 §3.2.1.3).
constexpr std::array<std::uint8_t, kCoordinate> kOrder = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

// Uncompressed: 0x04 | x | y.
using Point = std::array<std::uint8_t, 1 + 2 * kCoordinate>;

std::unexpected<Error> invalid(const char* why) {
  return fail(Code::invalid, "key.invalid", "The key is not a usable P-256 key.", "key", why);
}

std::string_view as_text(const Point& point, std::size_t offset) {
  return codec::as_text(std::span(point).subspan(offset, kCoordinate));
}
std::string x_of(const Point& point) { return codec::base64url_encode(as_text(point, 1)); }
std::string y_of(const Point& point) { return codec::base64url_encode(as_text(point, 1 + kCoordinate)); }

// RFC 7638 §3.2: the required members only, in lexicographic order, without white space.
std::string thumbprint_of(const Point& point) {
  const auto json =
      fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", x_of(point), y_of(point));
  return codec::base64url_encode(codec::as_text(sha256(json)));
}

// A public key from a point; null if it is not on the curve.
ossl::Key key_from(const Point& point) {
  const ossl::ParamBuilder builder(OSSL_PARAM_BLD_new());
  bool ok = builder != nullptr;
  ok = ok && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1;
  ok = ok && OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                              point.size()) == 1;
  const ossl::Params params(ok ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr);
  const ossl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* raw = nullptr;
  ok = params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
       EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  ossl::Key key(raw);
  if (!ok) return nullptr;
  const ossl::KeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checker || EVP_PKEY_public_check(checker.get()) != 1) return nullptr;
  return key;
}

// The point of a P-256 key; nothing for a key of any other kind or curve.
std::optional<Point> point_of(const EVP_PKEY* key) {
  std::array<char, 32> group{};
  if (key == nullptr || EVP_PKEY_is_a(key, "EC") != 1 ||
      EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) !=
          1 ||
      std::string_view(group.data()) != "prime256v1")
    return std::nullopt;
  BIGNUM* raw_x = nullptr;
  BIGNUM* raw_y = nullptr;
  const bool got = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &raw_x) == 1 &&
                   EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &raw_y) == 1;
  const ossl::Number x(raw_x), y(raw_y);
  Point point{};
  point[0] = 0x04;
  if (!got || BN_bn2binpad(x.get(), &point[1], kCoordinate) != int{kCoordinate} ||
      BN_bn2binpad(y.get(), &point[1 + kCoordinate], kCoordinate) != int{kCoordinate})
    return std::nullopt;
  return point;
}

ossl::Bio reader(std::string_view text) {
  return ossl::Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks a terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) { return -1; }

// A context that is copied for each operation: copying is cheaper than finding the algorithm again.
ossl::KeyContext operation(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*)) {
  ossl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  require(context && init(context.get()) == 1, "ECDSA context");
  return context;
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

// Why a JWK may not be used to verify ES256; null if it may.
const char* objection(const jose::JsonObject& jwk) {
  const auto is = [&](std::string_view name, std::string_view wanted) {
    const auto* text = jwk.find_string(name);
    return text != nullptr && *text == wanted;
  };
  if (!is("kty", "EC") || !is("crv", "P-256")) return "not an EC key on P-256";
  if (jwk.find("use") != nullptr && !is("use", "sig")) return "not for signatures";
  if (jwk.find("alg") != nullptr && !is("alg", VerifyKey::kAlgorithm)) return "not for ES256";
  if (jwk.find("d") != nullptr) return "a private key";
  if (const auto* ops = jwk.find("key_ops")) {
    const auto* list = std::get_if<jose::StringList>(ops);
    if (list == nullptr || std::ranges::find(*list, "verify") == list->end()) return "not for verifying";
  }
  if (jwk.find("kid") != nullptr && jwk.find_string("kid") == nullptr) return "kid is not a string";
  return nullptr;
}

}  // namespace

struct VerifyKey::Impl {
  Impl(ossl::Key k, const Point& p, std::string kid_or_empty)
      : key(std::move(k)),
        context(operation(key.get(), EVP_PKEY_verify_init)),
        point(p),
        thumbprint(thumbprint_of(p)),
        kid(kid_or_empty.empty() ? thumbprint : std::move(kid_or_empty)) {}

  ossl::Key key;
  ossl::KeyContext context;
  Point point;
  std::string thumbprint, kid;
};

Result<VerifyKey> VerifyKey::from_jwk(std::string_view json) {
  const auto jwk = jose::JsonObject::parse(json);
  if (!jwk) return invalid("not a JSON object");
  if (const char* why = objection(*jwk)) return invalid(why);
  const auto* x_text = jwk->find_string("x");
  const auto* y_text = jwk->find_string("y");
  if (x_text == nullptr || y_text == nullptr) return invalid("no coordinates");
  const auto x = codec::base64url_decode(*x_text);
  const auto y = codec::base64url_decode(*y_text);
  if (!x || !y || x->size() != kCoordinate || y->size() != kCoordinate) return invalid("bad coordinates");
  Point point{};
  point[0] = 0x04;
  std::memcpy(&point[1], x->data(), kCoordinate);
  std::memcpy(&point[1 + kCoordinate], y->data(), kCoordinate);
  auto key = key_from(point);
  if (!key) return invalid("not a point on the curve");
  const auto* kid = jwk->find_string("kid");
  return VerifyKey(std::make_shared<Impl>(std::move(key), point, kid == nullptr ? std::string() : *kid));
}

Result<VerifyKey> VerifyKey::from_pem(std::string_view pem) {
  if (pem.size() > jose::kMaxJsonSize) return invalid("too long");
  const auto bio = reader(pem);
  const ossl::Key read(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  const auto point = point_of(read.get());
  if (!point) return invalid("not a PEM public key on P-256");
  // Made anew from the point, so that nothing else of the foreign encoding is kept.
  auto key = key_from(*point);
  if (!key) return invalid("not a point on the curve");
  return VerifyKey(std::make_shared<Impl>(std::move(key), *point, std::string()));
}

const std::string& VerifyKey::kid() const { return impl_->kid; }
const std::string& VerifyKey::thumbprint() const { return impl_->thumbprint; }

std::string VerifyKey::jwk() const {
  std::string out =
      fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}","use":"sig","alg":"{}","kid":)",
                  x_of(impl_->point), y_of(impl_->point), kAlgorithm);
  append_json_string(out, impl_->kid);
  return out + '}';
}

bool VerifyKey::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != 2 * kCoordinate) return false;
  if (!is_scalar(signature.substr(0, kCoordinate)) || !is_scalar(signature.substr(kCoordinate))) return false;
  const Digest digest = sha256(message);
  const std::string der = der_of(signature);
  const ossl::KeyContext context(EVP_PKEY_CTX_dup(impl_->context.get()));
  require(context != nullptr, "ECDSA context");
  return EVP_PKEY_verify(context.get(), codec::as_bytes(der).data(), der.size(), digest.data(),
                         digest.size()) == 1;
}

struct SigningKey::Impl {
  explicit Impl(ossl::Key k) : key(std::move(k)), context(operation(key.get(), EVP_PKEY_sign_init)) {}
  ossl::Key key;
  ossl::KeyContext context;
};

Result<SigningKey> SigningKey::generate() {
  ossl::Key key(EVP_EC_gen("P-256"));
  const auto point = point_of(key.get());
  if (!point) return fail(Code::bug, "key.generate", "A signing key could not be made.");
  VerifyKey public_key(std::make_shared<VerifyKey::Impl>(key_from(*point), *point, std::string()));
  return SigningKey(std::make_shared<Impl>(std::move(key)), std::move(public_key));
}

Result<SigningKey> SigningKey::from_pem(const Secret& pem) {
  if (pem.size() > jose::kMaxJsonSize) return invalid("too long");
  ossl::Key key = pem.with([](std::string_view text) {
    const auto bio = reader(text);
    return ossl::Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  });
  const auto point = point_of(key.get());
  if (!point) return invalid("not an unencrypted PEM private key on P-256");
  const ossl::KeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checker || EVP_PKEY_check(checker.get()) != 1) return invalid("private and public part differ");
  VerifyKey public_key(std::make_shared<VerifyKey::Impl>(key_from(*point), *point, std::string()));
  return SigningKey(std::make_shared<Impl>(std::move(key)), std::move(public_key));
}

Secret SigningKey::to_pem() const {
  const ossl::Bio bio(BIO_new(BIO_s_secmem()));
  require(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr) == 1,
          "PEM of a signing key");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret(std::string(data, static_cast<std::size_t>(size)));
}

Result<Signature> SigningKey::sign(std::string_view message) const {
  const Digest digest = sha256(message);
  std::array<std::uint8_t, 80> der;  // at most 72 for P-256
  std::size_t size = der.size();
  const ossl::KeyContext context(EVP_PKEY_CTX_dup(impl_->context.get()));
  bool ok = context && EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) == 1;
  const std::uint8_t* at = der.data();
  const ossl::EcdsaSig sig(ok ? d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)) : nullptr);
  Signature out;
  ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), kCoordinate) == int{kCoordinate} &&
       BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + kCoordinate, kCoordinate) == int{kCoordinate};
  if (!ok) return fail(Code::bug, "key.sign", "A signature could not be made.");
  return out;
}

}  // namespace allauth::crypto
