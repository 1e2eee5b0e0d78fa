#include "crypto/seal.h"

#include <array>
#include <limits>

#include "codec/base64.h"
#include "crypto/sodium.h"

namespace allauth::crypto {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNonceSize = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagSize = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == MasterKey::kSize);

std::string header_of(const MasterKey& key) { return kFormat + std::string(codec::as_text(key.id())); }

// Lengths before the texts, so that no two places give the same bytes.
void append_sized(std::string& out, std::string_view text) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    out += static_cast<char>(std::uint64_t{text.size()} >> shift & 0xFF);
  out += text;
}

std::string associated_data(std::string_view header, const SealPlace& place) {
  std::string out(header);
  append_sized(out, place.table);
  append_sized(out, place.row);
  append_sized(out, place.column);
  return out;
}

const std::uint8_t* bytes(std::string_view text) { return codec::as_bytes(text).data(); }

std::unexpected<Error> broken(const char* why) {
  return fail(Code::bug, "seal.broken", "A sealed value does not open.", {}, why);
}

}  // namespace

std::string seal(const MasterKey& key, const SealPlace& place, const Secret& value, Entropy& entropy) {
  require_sodium();
  const std::string header = header_of(key);
  const std::string bound = associated_data(header, place);
  std::array<std::uint8_t, kNonceSize> nonce;
  entropy.fill(nonce);
  std::string out = header;
  out += codec::as_text(nonce);
  const std::size_t start = out.size();
  out.resize(start + value.size() + kTagSize);
  const int failed = value.with([&](std::string_view text) {
    return crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<std::uint8_t*>(out.data()) + start,
                                                      nullptr, bytes(text), text.size(), bytes(bound),
                                                      bound.size(), nullptr, nonce.data(), key.bytes());
  });
  require(failed == 0, "XChaCha20-Poly1305");
  return out;
}

Result<Secret> open(const MasterKey& key, const SealPlace& place, std::string_view sealed) {
  require_sodium();
  if (sealed.size() < kSealOverhead) return broken("too short");
  const std::string header = header_of(key);
  if (sealed.front() != kFormat) return broken("unknown format");
  if (!sealed.starts_with(header)) return broken("sealed under another master key");
  const std::string bound = associated_data(header, place);
  const std::string_view nonce = sealed.substr(header.size(), kNonceSize);
  const std::string_view cipher = sealed.substr(header.size() + kNonceSize);
  std::string text(cipher.size() - kTagSize, '\0');
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<std::uint8_t*>(text.data()), nullptr, nullptr, bytes(cipher), cipher.size(),
      bytes(bound), bound.size(), bytes(nonce), key.bytes());
  if (failed != 0) return broken("changed, or moved from another place");
  return Secret::take(text);
}

}  // namespace allauth::crypto
