// Password records of other systems than ours, for the .cc files of this folder only. Each kind is read as
// strictly as our own, and refused before any work if it would cost more than about a second or 256 MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace allauth::crypto {

// Longest record taken: far more than any sane salt and hash need.
inline constexpr std::size_t kMaxRecordSize = 512;
inline constexpr std::size_t kMaxRecordMemory = std::size_t{256} * 1024 * 1024;

// One kind of record. Errors: password.record.unsupported, password.record.broken, password.memory.
struct RecordKind {
  bool (*begins)(std::string_view record);
  // Whether it could be verified here.
  Result<void> (*check)(std::string_view record);
  // The password has at most kMaxPasswordBytes.
  Result<bool> (*matches)(std::string_view password, std::string_view record);
};

extern const RecordKind kBcrypt;
extern const RecordKind kScrypt;
extern const RecordKind kPbkdf2;

std::unexpected<Error> broken_record(const char* why);
std::unexpected<Error> unsupported_record(const char* why);
std::unexpected<Error> no_memory_for_record();

// "m=19456" as a number without leading zeros, given "m=".
std::optional<std::uint64_t> parse_param(std::string_view text, std::string_view prefix);

// What other systems made: salt and hash as they are.
struct SaltedHash {
  std::string salt, hash;
};
// 4 to 64 and 16 to 64 bytes; nothing if either is not, or is not unpadded base64.
std::optional<SaltedHash> salted_hash(std::string_view salt, std::string_view hash);

}  // namespace allauth::crypto
