// What those who act on an answer get: granted, refused, or "could not be decided" — which is refused
// too, but told apart in metrics, retries and protocol codes. Made from a policy Decision or by
// another provider; the gateway and brokers consume it.
#pragma once

#include "base/error.h"

namespace allauth {

enum class Outcome { granted, denied, error };

struct Verdict {
  Outcome outcome = Outcome::denied;
  Reason reason = "unspecified";  // why; a stable slug that may be counted and shown to operators

  bool granted() const { return outcome == Outcome::granted; }

  static constexpr Verdict grant(Reason reason) { return {Outcome::granted, reason}; }
  static constexpr Verdict deny(Reason reason) { return {Outcome::denied, reason}; }
  static constexpr Verdict fail(Reason reason) { return {Outcome::error, reason}; }
};

}  // namespace allauth
