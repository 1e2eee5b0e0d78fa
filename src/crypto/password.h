// Password records. Ours are Argon2id (RFC 9106) as PHC strings, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
// Those that people bring from other systems are verified too, until a login replaces them: bcrypt ($2a$,
// $2b$, $2y$; of a password longer than 72 bytes, which bcrypt would cut off, nothing matches), scrypt
// ($scrypt$ln=17,r=8,p=1$…) and PBKDF2 with SHA-1, -256 or -512 ($pbkdf2-sha256$i=600000,l=32$…, or as
// passlib writes it). A record is refused before any work if verifying it would take more than about a second
// or 256 MiB: Argon2id above 16 passes, bcrypt above cost 14, scrypt above N*r*p = 2^21, PBKDF2 above 3, 2
// and 1 million rounds. Pure functions that burn milliseconds and megabytes on purpose: call them on the
// hashing pool, never on an I/O thread. Thread-safe.
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
  // The record is of another kind or cost than hash_password would make now; set only when ok.
  bool outdated = false;
};

// In constant time for records of one kind and cost. Errors: password.too_long (invalid);
// password.record.unsupported (a well-formed record with p > 1, another variant or a cost above the limits);
// password.record.broken (bug); password.memory (unavailable). A wrong password is not an error.
Result<PasswordMatch> verify_password(const Secret& password, std::string_view record,
                                      const PasswordParams& current = {});

// Whether verify_password takes a record, for those that people bring along. Errors (invalid):
// password_hash.unsupported, which says what is wrong with it; password_hash.broken.
Result<void> check_password_record(std::string_view record);

// "argon2id", "bcrypt", "scrypt" or "pbkdf2"; empty for anything else.
std::string_view password_scheme(std::string_view record);

// A record that no password matches, at the cost of `params`. Verifying against it when a user is
// unknown takes as long as for a known one whose record is ours. A record of another kind takes its own time,
// so until its owner first logs in, the time can tell that there is such a user. Make it once, at start.
std::string dummy_phc(const PasswordParams& params, Entropy&);

}  // namespace allauth::crypto
