#include "crypto/key.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/invariant.h"
#include "crypto/key_kind.h"

namespace allauth::crypto {
namespace {

constexpr std::array kKinds = {&kP256, &kEd25519, &kRsa};

ossl::Bio reader(std::string_view text) {
  return ossl::Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks a terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) { return -1; }

// Why a JWK may not be used to verify with `algorithm`; null if it may.
const char* objection(const jose::JsonObject& jwk, Algorithm algorithm) {
  const auto is = [&](std::string_view name, std::string_view wanted) {
    const auto* text = jwk.find_string(name);
    return text != nullptr && *text == wanted;
  };
  if (jwk.find("use") != nullptr && !is("use", "sig")) return "not for signatures";
  if (jwk.find("alg") != nullptr && !is("alg", jose_name(algorithm))) return "for another algorithm";
  if (jwk.find("d") != nullptr) return "a private key";
  if (const auto* ops = jwk.find("key_ops")) {
    const auto* list = std::get_if<jose::StringList>(ops);
    if (list == nullptr || std::ranges::find(*list, "verify") == list->end()) return "not for verifying";
  }
  if (jwk.find("kid") != nullptr && jwk.find_string("kid") == nullptr) return "kid is not a string";
  return nullptr;
}

}  // namespace

const KeyKind* kind_of(Algorithm algorithm) {
  const auto* const it = std::ranges::find(kKinds, algorithm, &KeyKind::algorithm);
  return it == kKinds.end() ? nullptr : *it;
}

const KeyKind* kind_of(const EVP_PKEY* key) {
  const auto is = [&](const KeyKind* kind) { return key != nullptr && EVP_PKEY_is_a(key, kind->name) == 1; };
  const auto* const it = std::ranges::find_if(kKinds, is);
  return it == kKinds.end() ? nullptr : *it;
}

const KeyKind* kind_of_kty(std::string_view kty) {
  const auto* const it = std::ranges::find(kKinds, kty, &KeyKind::kty);
  return it == kKinds.end() ? nullptr : *it;
}

std::unexpected<Error> bad_key(const char* why) {
  return fail(Code::invalid, "key.invalid", "The key is not one that signatures are verified with here.",
              "key", why);
}

std::unexpected<Error> not_signed() { return fail(Code::bug, "key.sign", "A signature could not be made."); }

std::string bytes_of(const jose::JsonObject& jwk, std::string_view name) {
  const auto* text = jwk.find_string(name);
  auto bytes = text == nullptr ? std::nullopt : codec::base64url_decode(*text);
  return bytes ? std::move(*bytes) : std::string();
}

ossl::KeyContext operation(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*)) {
  ossl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  require(context && init(context.get()) == 1, "a key's context");
  return context;
}

ossl::KeyContext copy_of(const ossl::KeyContext& made) {
  ossl::KeyContext context(EVP_PKEY_CTX_dup(made.get()));
  require(context != nullptr, "a key's context");
  return context;
}

ossl::Key public_from(const char* kind, const ossl::Params& params) {
  const ossl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  const bool ok = params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
  ossl::Key owned(key);
  return ok ? std::move(owned) : nullptr;
}

struct VerifyKey::Impl {
  Impl(Algorithm which, Public part, std::string kid_or_empty)
      : algorithm(which),
        key(std::move(part)),
        members(key->members()),
        thumbprint(codec::base64url_encode(codec::as_text(sha256('{' + members + '}')))),
        kid(kid_or_empty.empty() ? thumbprint : std::move(kid_or_empty)) {}

  Algorithm algorithm;
  Public key;
  std::string members, thumbprint, kid;
};

Result<VerifyKey> VerifyKey::from_jwk(std::string_view json) {
  const auto jwk = jose::JsonObject::parse(json);
  if (!jwk) return bad_key("not a JSON object");
  const auto* kty = jwk->find_string("kty");
  const auto* kind = kty == nullptr ? nullptr : kind_of_kty(*kty);
  if (kind == nullptr) return bad_key("of an unknown type");
  if (const char* why = objection(*jwk, kind->algorithm)) return bad_key(why);
  TRY(auto part, kind->from_jwk(*jwk));
  const auto* kid = jwk->find_string("kid");
  return VerifyKey(
      std::make_shared<Impl>(kind->algorithm, std::move(part), kid == nullptr ? std::string() : *kid));
}

Result<VerifyKey> VerifyKey::from_pem(std::string_view pem) {
  if (pem.size() > jose::kMaxJsonSize) return bad_key("too long");
  const auto bio = reader(pem);
  const ossl::Key read(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  const auto* kind = kind_of(read.get());
  if (kind == nullptr) return bad_key("not a PEM public key of a known type");
  TRY(auto part, kind->public_of(read.get()));
  return VerifyKey(std::make_shared<Impl>(kind->algorithm, std::move(part), std::string()));
}

Algorithm VerifyKey::algorithm() const { return impl_->algorithm; }
const std::string& VerifyKey::kid() const { return impl_->kid; }
const std::string& VerifyKey::thumbprint() const { return impl_->thumbprint; }

std::string VerifyKey::jwk() const {
  std::string out =
      fmt::format(R"({{{},"use":"sig","alg":"{}","kid":)", impl_->members, jose_name(impl_->algorithm));
  append_json_string(out, impl_->kid);
  return out + '}';
}

bool VerifyKey::verify(std::string_view message, std::string_view signature) const {
  return impl_->key->verify(message, signature);
}

struct SigningKey::Impl {
  ossl::Key whole;  // for to_pem
  Private part;
};

namespace {

struct Halves {
  const KeyKind* kind;
  Public open;
  Private secret;
};

Result<Halves> halves_of(EVP_PKEY* key) {
  const auto* kind = kind_of(key);
  if (kind == nullptr) return bad_key("not an unencrypted PEM private key of a known type");
  TRY(auto open, kind->public_of(key));
  TRY(auto secret, kind->private_of(key));
  return Halves{kind, std::move(open), std::move(secret)};
}

}  // namespace

Result<SigningKey> SigningKey::generate(Algorithm algorithm) {
  const auto* kind = kind_of(algorithm);
  if (kind == nullptr)
    return fail(Code::invalid, "key.algorithm", "Tokens are signed with es256, eddsa or rs256.", "algorithm");
  ossl::Key key(kind->generate());
  auto halves = halves_of(key.get());
  if (!halves) return fail(Code::bug, "key.generate", "A signing key could not be made.");
  VerifyKey open(std::make_shared<VerifyKey::Impl>(algorithm, std::move(halves->open), std::string()));
  return SigningKey(std::make_shared<Impl>(std::move(key), std::move(halves->secret)), std::move(open));
}

Result<SigningKey> SigningKey::from_pem(const Secret& pem) {
  if (pem.size() > jose::kMaxJsonSize) return bad_key("too long");
  ossl::Key key = pem.with([](std::string_view text) {
    const auto bio = reader(text);
    return ossl::Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  });
  TRY(auto halves, halves_of(key.get()));
  const ossl::KeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!checker || EVP_PKEY_check(checker.get()) != 1) return bad_key("private and public part differ");
  VerifyKey open(
      std::make_shared<VerifyKey::Impl>(halves.kind->algorithm, std::move(halves.open), std::string()));
  return SigningKey(std::make_shared<Impl>(std::move(key), std::move(halves.secret)), std::move(open));
}

Secret SigningKey::to_pem() const {
  const ossl::Bio bio(BIO_new(BIO_s_secmem()));
  require(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->whole.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr) == 1,
          "PEM of a signing key");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret(std::string(data, static_cast<std::size_t>(size)));
}

Result<std::string> SigningKey::sign(std::string_view message) const { return impl_->part->sign(message); }

}  // namespace allauth::crypto
