// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-1, -256 or -512, in the two forms that are about: the PHC string
// "$pbkdf2-sha256$i=600000,l=32$salt$hash", and that of Python's passlib, "$pbkdf2-sha256$29000$salt$hash",
// whose base64 has '.' for '+' and whose name for SHA-1 is "pbkdf2" alone.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "crypto/password_record.h"

namespace allauth::crypto {
namespace {

struct Prf {
  std::string_view name;
  const EVP_MD* (*digest)();
  std::size_t size;           // of the hash, in bytes
  std::uint64_t most_rounds;  // about a second
};
constexpr std::array kPrfs = {
    Prf{"pbkdf2", EVP_sha1, 20, 3'000'000}, Prf{"pbkdf2-sha1", EVP_sha1, 20, 3'000'000},
    Prf{"pbkdf2-sha256", EVP_sha256, 32, 2'000'000}, Prf{"pbkdf2-sha512", EVP_sha512, 64, 1'000'000}};

struct Pbkdf2 {
  const Prf* prf = nullptr;
  std::uint64_t rounds = 0;
  SaltedHash salted;
};

bool begins(std::string_view record) { return record.starts_with("$pbkdf2"); }

std::string with_plus(std::string_view ab64) {
  std::string out(ab64);
  std::ranges::replace(out, '.', '+');
  return out;
}

// Rounds, and the length if it is said.
struct Cost {
  std::uint64_t rounds = 0;
  std::optional<std::uint64_t> length;
};
std::optional<Cost> parse_cost(std::string_view text) {
  if (!text.starts_with("i=")) {
    const auto rounds = parse_param(text, "");
    return rounds ? std::optional(Cost{.rounds = *rounds, .length = {}}) : std::nullopt;
  }
  const auto params = split(text, ',');
  const auto rounds = parse_param(params[0], "i=");
  if (!rounds || params.size() > 2) return std::nullopt;
  if (params.size() == 1) return Cost{.rounds = *rounds, .length = {}};
  const auto length = parse_param(params[1], "l=");
  return length ? std::optional(Cost{.rounds = *rounds, .length = length}) : std::nullopt;
}

Result<Pbkdf2> parse(std::string_view text) {
  const auto fields = split(text, '$');
  if (fields.size() != 5) return broken_record("not four fields");
  const auto* const prf = std::ranges::find(kPrfs, fields[1], &Prf::name);
  if (prf == kPrfs.end()) return unsupported_record("PBKDF2 with an unknown hash");
  const auto cost = parse_cost(fields[2]);
  if (!cost || cost->rounds == 0) return broken_record("bad PBKDF2 parameters");
  const bool phc = fields[2].starts_with("i=");
  auto salted =
      phc ? salted_hash(fields[3], fields[4]) : salted_hash(with_plus(fields[3]), with_plus(fields[4]));
  if (!salted || (cost->length && *cost->length != salted->hash.size()))
    return broken_record("bad salt or hash");
  const std::uint64_t blocks = (salted->hash.size() + prf->size - 1) / prf->size;
  if (cost->rounds > prf->most_rounds / blocks) return unsupported_record("PBKDF2 cost above the limit");
  return Pbkdf2{.prf = prf, .rounds = cost->rounds, .salted = std::move(*salted)};
}

Result<void> check(std::string_view record) {
  TRY(parse(record));
  return {};
}

Result<bool> matches(std::string_view password, std::string_view text) {
  TRY(const Pbkdf2 record, parse(text));
  std::string out(record.salted.hash.size(), '\0');
  if (PKCS5_PBKDF2_HMAC(
          password.data(), static_cast<int>(password.size()), codec::as_bytes(record.salted.salt).data(),
          static_cast<int>(record.salted.salt.size()), static_cast<int>(record.rounds), record.prf->digest(),
          static_cast<int>(out.size()), reinterpret_cast<std::uint8_t*>(out.data())) != 1)
    return no_memory_for_record();
  return equal_ct(out, record.salted.hash);
}

}  // namespace

const RecordKind kPbkdf2{.begins = begins, .check = check, .matches = matches};

}  // namespace allauth::crypto
