#include "crypto/seal.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

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

std::unexpected<Error> broken(const SealPlace& place, const char* why) {
  return fail(Code::unavailable, "seal.broken",
              fmt::format("The sealed value in {} of {} {} does not open: it was changed; restore it from a "
                          "backup.",
                          place.column, place.table, place.row),
              {}, why);
}

std::unexpected<Error> no_key(const SealPlace& place, const MasterKey::Id& id) {
  return fail(Code::unavailable, "seal.key.unknown",
              fmt::format("The value in {} of {} {} is sealed under master key {}, which the master key file "
                          "does not hold; put the file that holds it back.",
                          place.column, place.table, place.row, to_string(id)));
}

}  // namespace

std::string seal(const MasterKeys& keys, const SealPlace& place, const Secret& value, Entropy& entropy) {
  require_sodium();
  const MasterKey& key = keys.current();
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

std::optional<MasterKey::Id> sealed_under(std::string_view sealed) {
  if (sealed.size() < kSealOverhead || sealed.front() != kFormat) return std::nullopt;
  MasterKey::Id id;
  std::ranges::copy(codec::as_bytes(sealed.substr(1, id.size())), id.begin());
  return id;
}

Result<Secret> open(const MasterKeys& keys, const SealPlace& place, std::string_view sealed) {
  require_sodium();
  const auto id = sealed_under(sealed);
  if (!id) return broken(place, "too short, or of an unknown format");
  const MasterKey* key = keys.find(*id);
  if (key == nullptr) return no_key(place, *id);
  const std::string header = header_of(*key);
  const std::string bound = associated_data(header, place);
  const std::string_view nonce = sealed.substr(header.size(), kNonceSize);
  const std::string_view cipher = sealed.substr(header.size() + kNonceSize);
  std::string text(cipher.size() - kTagSize, '\0');
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<std::uint8_t*>(text.data()), nullptr, nullptr, bytes(cipher), cipher.size(),
      bytes(bound), bound.size(), bytes(nonce), key->bytes());
  if (failed != 0) return broken(place, "changed, or moved from another place");
  return Secret::take(text);
}

}  // namespace allauth::crypto
