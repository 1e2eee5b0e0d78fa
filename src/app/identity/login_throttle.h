// How many wrong passwords and keys are looked at, so that nobody can try them out; and so that nobody can
// keep others from logging in by giving wrong ones in their name (decisions/040).
//
// Three things are counted: failures of one account from one source, of one account from everywhere, and of
// one source for all accounts. Only the first counts against an account at a source that it has logged in
// from lately: whoever floods an account or an address stands in the way of strangers, not of those who are
// known there. Only the first counts against keys, too, which are long and belong to machines that cannot
// wait. Where the source is not known, only an account as a whole is counted.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "app/credential.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/rate_table.h"

namespace allauth::app {

struct FailureRates {
  Rate one{};                    // of one account from one source
  Rate account{};                // of one account
  Rate source{};                 // of one source
  bool exempt_loopback = false;  // from the last
};

// Whose secret is tried from where. Borrowed.
struct Attempt {
  enum class Kind : std::uint8_t { password, key } kind;
  std::string_view account;  // what the caller calls it, whether it exists or not
  const Source& source;
};

// Of one node, and forgotten by a restart; thread-safe, of fixed size. `clock` and `metrics` outlive it.
class LoginThrottle {
 public:
  LoginThrottle(Clock& clock, Metrics& metrics, std::uint64_t seed, const FailureRates& rates);

  // To be asked before the secret is looked at; what is refused must not be looked at, right or wrong.
  // Error: exhausted login.throttled, with the time after which to try again.
  Result<void> admit(const Attempt& attempt);
  void failed(const Attempt& attempt);
  void succeeded(const Attempt& attempt);

 private:
  struct Keys {
    std::uint64_t one = 0;  // 0: not known from where
    std::uint64_t account = 0;
    std::uint64_t source = 0;  // 0: not counted
  };
  Keys keys_of(const Attempt& attempt) const;
  // How long the attempt has to wait.
  std::optional<std::chrono::nanoseconds> wait_of(const Attempt& attempt);

  Clock& clock_;
  const FailureRates rates_;
  struct Counters {
    Counter& wrong;
    Counter& throttled;
  };
  const std::array<Counters, 2> counters_;  // by Attempt::Kind
  RateTable failures_;
  RateTable known_;  // accounts that have logged in at a source: their bucket is empty
};

}  // namespace allauth::app
