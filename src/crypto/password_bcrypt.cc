// bcrypt: "$2b$12$" and 53 characters, of 2a, 2b or 2y, which libxcrypt computes alike (2x was a bug).
//
// bcrypt sees 72 bytes of a password and ends at a NUL. Where other systems compare what is left, a longer
// password never matches here: otherwise somebody who mistypes the 80th byte would log in, and be given a
// new record of the wrong password.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <crypt.h>

#include "base/secret.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/password_record.h"

namespace allauth::crypto {
namespace {

constexpr std::size_t kSize = 60;
constexpr std::size_t kHead = 7;   // "$2b$12$"
constexpr std::size_t kSalt = 22;  // characters; the hash follows
constexpr std::size_t kMaxPassword = 72;
constexpr std::uint64_t kMinCost = 4;   // bcrypt's own least
constexpr std::uint64_t kMaxCost = 14;  // about a second

bool begins(std::string_view record) { return record.starts_with("$2"); }

bool is_bcrypt_base64(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
}

Result<void> check(std::string_view record) {
  if (record.size() != kSize || record[3] != '$' || record[6] != '$')
    return broken_record("not bcrypt's form");
  if (std::string_view("aby").find(record[2]) == std::string_view::npos)
    return unsupported_record("not bcrypt 2a, 2b or 2y");
  const auto cost = parse_u64(record.substr(4, 2));
  if (!cost || *cost < kMinCost) return broken_record("bad bcrypt cost");
  if (*cost > kMaxCost) return unsupported_record("bcrypt cost above 14");
  if (!std::ranges::all_of(record.substr(kHead), is_bcrypt_base64))
    return broken_record("not bcrypt's base64");
  return {};
}

Result<bool> matches(std::string_view password, std::string_view record) {
  TRY(check(record));
  std::array<char, kMaxPassword + 1> phrase{};
  std::memcpy(phrase.data(), password.data(), std::min(password.size(), kMaxPassword));
  const auto data = std::make_unique<crypt_data>();
  const std::string setting(record);
  const char* out = ::crypt_rn(phrase.data(), setting.c_str(), data.get(), sizeof(crypt_data));
  wipe_memory(phrase.data(), phrase.size());
  const bool computed = out != nullptr && std::string_view(out).size() == kSize;
  // The salt's last character has bits that do not count, so only the hashes are compared.
  const bool same =
      computed && equal_ct(std::string_view(out).substr(kHead + kSalt), record.substr(kHead + kSalt));
  wipe_memory(data.get(), sizeof(crypt_data));
  if (!computed) return broken_record("bcrypt refuses it");
  const bool whole = password.size() <= kMaxPassword && password.find('\0') == std::string_view::npos;
  return same && whole;
}

}  // namespace

const RecordKind kBcrypt{.begins = begins, .check = check, .matches = matches};

}  // namespace allauth::crypto
