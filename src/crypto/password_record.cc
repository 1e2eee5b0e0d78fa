#include "crypto/password_record.h"

#include "base/text.h"
#include "codec/base64.h"

namespace allauth::crypto {

std::unexpected<Error> broken_record(const char* why) {
  return fail(Code::bug, "password.record.broken", "The stored password record is broken.", {}, why);
}

std::unexpected<Error> unsupported_record(const char* why) {
  return fail(Code::unsupported, "password.record.unsupported",
              "The stored password record is of a kind that is not supported.", {}, why);
}

std::unexpected<Error> no_memory_for_record() {
  return fail(Code::unavailable, "password.memory", "There is not enough memory to check a password now.");
}

std::optional<std::uint64_t> parse_param(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse_u64(text);
}

std::optional<SaltedHash> salted_hash(std::string_view salt, std::string_view hash) {
  auto salt_bytes = codec::base64_decode_unpadded(salt);
  auto hash_bytes = codec::base64_decode_unpadded(hash);
  if (!salt_bytes || !hash_bytes) return std::nullopt;
  const bool sized = salt_bytes->size() >= 4 && salt_bytes->size() <= 64 && hash_bytes->size() >= 16 &&
                     hash_bytes->size() <= 64;
  if (!sized) return std::nullopt;
  return SaltedHash{std::move(*salt_bytes), std::move(*hash_bytes)};
}

}  // namespace allauth::crypto
