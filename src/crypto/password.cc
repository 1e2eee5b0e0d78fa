#include "crypto/password.h"

#include <array>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/password_record.h"
#include "crypto/sodium.h"

namespace allauth::crypto {
namespace {

constexpr std::uint32_t kMaxMemoryKib = 256 * 1024;
constexpr std::uint32_t kMaxPasses = 16;
constexpr std::uint32_t kMinMemoryKib = 7 * 1024;
constexpr std::uint64_t kMinWork = std::uint64_t{kMinMemoryKib} * 5;
constexpr std::uint32_t kLeastMemoryKib = 8;  // RFC 9106 §3.1: 8 KiB per lane
constexpr std::size_t kTagSize = 32;

using Salt = std::array<std::uint8_t, crypto_pwhash_SALTBYTES>;
using Tag = std::array<std::uint8_t, kTagSize>;

struct Phc {
  std::uint32_t memory_kib = 0, passes = 0;
  std::size_t salt_size = 0, tag_size = 0;
};

Result<void> check_length(const Secret& password) {
  if (password.size() > kMaxPasswordBytes)
    return fail(Code::invalid, "password.too_long", "A password must not be longer than 1024 bytes.",
                "password");
  return {};
}

Result<Phc> parse_phc(std::string_view text) {
  const auto fields = split(text, '$');
  if (fields.size() != 6 || !fields[0].empty()) return broken_record("not five fields");
  if (fields[1] == "argon2i" || fields[1] == "argon2d") return unsupported_record("not Argon2id");
  if (fields[1] != "argon2id") return broken_record("unknown function");
  if (fields[2] != "v=19") return unsupported_record("not version 19");
  const auto params = split(fields[3], ',');
  if (params.size() != 3) return broken_record("not three parameters");
  const auto memory = parse_param(params[0], "m=");
  const auto passes = parse_param(params[1], "t=");
  const auto lanes = parse_param(params[2], "p=");
  if (!memory || !passes || !lanes || *lanes == 0 || *passes == 0) return broken_record("bad parameters");
  if (*lanes != 1) return unsupported_record("more than one lane");
  if (*memory > kMaxMemoryKib || *passes > kMaxPasses) return unsupported_record("cost above the limit");
  if (*memory < kLeastMemoryKib) return broken_record("memory below Argon2's least");
  const auto salt = codec::base64_decode_unpadded(fields[4]);
  const auto tag = codec::base64_decode_unpadded(fields[5]);
  if (!salt || !tag) return broken_record("salt or hash is not base64");
  // 16 bytes of hash: libsodium's own least; a shorter one would be guessable anyway.
  if (salt->size() < 8 || tag->size() < 16) return broken_record("salt or hash too short");
  return Phc{.memory_kib = static_cast<std::uint32_t>(*memory),
             .passes = static_cast<std::uint32_t>(*passes),
             .salt_size = salt->size(),
             .tag_size = tag->size()};
}

std::string format_phc(const PasswordParams& params, const Salt& salt, const Tag& tag) {
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", params.memory_kib(), params.passes(),
                     codec::base64_encode_unpadded(codec::as_text(salt)),
                     codec::base64_encode_unpadded(codec::as_text(tag)));
}

struct NamedKind {
  std::string_view scheme;
  const RecordKind* kind;
};
constexpr std::array kForeign = {NamedKind{"bcrypt", &kBcrypt}, NamedKind{"scrypt", &kScrypt},
                                 NamedKind{"pbkdf2", &kPbkdf2}};

// Null for a record of ours, or of nobody's.
const NamedKind* foreign(std::string_view record) {
  const auto* const it =
      std::ranges::find_if(kForeign, [&](const NamedKind& named) { return named.kind->begins(record); });
  return it == kForeign.end() ? nullptr : it;
}

Result<PasswordMatch> verify_argon2id(std::string_view password, std::string_view phc,
                                      const PasswordParams& current) {
  TRY(const Phc record, parse_phc(phc));
  const std::string terminated(phc);
  errno = 0;
  if (crypto_pwhash_argon2id_str_verify(terminated.c_str(), password.data(), password.size()) != 0) {
    // libsodium says EINVAL for another password only; all else means that nothing was compared.
    if (errno != EINVAL) return no_memory_for_record();
    return PasswordMatch{};
  }
  const bool same_cost = record.memory_kib == current.memory_kib() && record.passes == current.passes();
  const bool same_sizes = record.salt_size == crypto_pwhash_SALTBYTES && record.tag_size == kTagSize;
  return PasswordMatch{.ok = true, .outdated = !same_cost || !same_sizes};
}

Result<void> check_any(std::string_view record) {
  if (record.size() > kMaxRecordSize) return broken_record("too long");
  if (const auto* named = foreign(record)) return named->kind->check(record);
  TRY(parse_phc(record));
  return {};
}

}  // namespace

Result<PasswordParams> PasswordParams::make(std::uint32_t memory_kib, std::uint32_t passes) {
  const bool strong = memory_kib >= kMinMemoryKib && std::uint64_t{memory_kib} * passes >= kMinWork;
  const bool bounded = memory_kib <= kMaxMemoryKib && passes <= kMaxPasses;
  if (!strong || !bounded)
    return fail(
        Code::invalid, "password.params",
        "Password hashing needs 7168 to 262144 KiB and 1 to 16 passes, and KiB times passes must be at "
        "least 35840.");
  return PasswordParams(memory_kib, passes);
}

PasswordParams PasswordParams::cheap_for_tests() { return {kLeastMemoryKib, 1}; }

Result<std::string> hash_password(const Secret& password, const PasswordParams& params, Entropy& entropy) {
  require_sodium();
  TRY(check_length(password));
  Salt salt;
  entropy.fill(salt);
  Tag tag;
  const int failed = password.with([&](std::string_view text) {
    return crypto_pwhash(tag.data(), tag.size(), text.data(), text.size(), salt.data(), params.passes(),
                         std::size_t{params.memory_kib()} * 1024, crypto_pwhash_ALG_ARGON2ID13);
  });
  if (failed != 0) return no_memory_for_record();
  return format_phc(params, salt, tag);
}

Result<PasswordMatch> verify_password(const Secret& password, std::string_view record,
                                      const PasswordParams& current) {
  require_sodium();
  TRY(check_length(password));
  if (record.size() > kMaxRecordSize) return broken_record("too long");
  return password.with([&](std::string_view text) -> Result<PasswordMatch> {
    const auto* named = foreign(record);
    if (named == nullptr) return verify_argon2id(text, record, current);
    TRY(const bool same, named->kind->matches(text, record));
    return PasswordMatch{.ok = same, .outdated = same};
  });
}

Result<void> check_password_record(std::string_view record) {
  const auto checked = check_any(record);
  if (checked) return {};
  if (checked.error().reason == Reason("password.record.unsupported"))
    return fail(Code::invalid, "password_hash.unsupported",
                fmt::format("This password hash is not taken: {}.", checked.error().detail), "password_hash");
  return fail(Code::invalid, "password_hash.broken",
              fmt::format("This is not a password hash of Argon2id, bcrypt, scrypt or PBKDF2: {}.",
                          checked.error().detail),
              "password_hash");
}

std::string_view password_scheme(std::string_view record) {
  if (const auto* named = foreign(record)) return named->scheme;
  return record.starts_with("$argon2id$") ? "argon2id" : "";
}

std::string dummy_phc(const PasswordParams& params, Entropy& entropy) {
  Salt salt;
  entropy.fill(salt);
  Tag tag;  // random, so that nobody knows a password for it
  entropy.fill(tag);
  return format_phc(params, salt, tag);
}

}  // namespace allauth::crypto
