// Password records: Argon2id (RFC 9106) as PHC strings, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
// Pure functions that burn milliseconds and megabytes on purpose: call them on the hashing pool,
// never on an I/O thread. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace allauth::crypto {

// Longer ones are refused before any work is done.
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// The cost of a hash. One lane (p=1) always.
class PasswordParams {
 public:
  // OWASP's first choice: 19 MiB, 2 passes.
  PasswordParams() = default;
  // Refuses costs below OWASP's weakest row (memory_kib >= 7168 and memory_kib * passes >= 35840)
  // and above 256 MiB or 16 passes: "password.params".
  static Result<PasswordParams> make(std::uint32_t memory_kib, std::uint32_t passes);
  // Microseconds instead of milliseconds.
  static PasswordParams cheap_for_tests();

  std::uint32_t memory_kib() const { return memory_kib_; }
  std::uint32_t passes() const { return passes_; }
  friend bool operator==(const PasswordParams&, const PasswordParams&) = default;

 private:
  PasswordParams(std::uint32_t memory_kib, std::uint32_t passes) : memory_kib_(memory_kib), passes_(passes) {}
  std::uint32_t memory_kib_ = 19 * 1024;
  std::uint32_t passes_ = 2;
};

// A PHC string with a fresh 16-byte salt and a 32-byte hash.
// Errors: password.too_long (invalid), password.memory (unavailable).
Result<std::string> hash_password(const Secret& password, const PasswordParams&, Entropy&);

struct PasswordMatch {
  bool ok = false;
  bool needs_rehash = false;  // the record was made at another cost; set only when ok
};

// Errors: password.too_long (invalid); password.record.unsupported (a well-formed record with p > 1,
// another variant or a cost above the limits of PasswordParams::make); password.record.broken (bug);
// password.memory (unavailable). A wrong password is not an error.
Result<PasswordMatch> verify_password(const Secret& password, std::string_view phc,
                                      const PasswordParams& current = {});

// A record that no password matches, at the cost of `params`. Verifying against it when a user is
// unknown takes as long as for a known one. Make it once, at start.
std::string dummy_phc(const PasswordParams& params, Entropy&);

}  // namespace allauth::crypto
