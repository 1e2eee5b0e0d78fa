// libsodium, made ready, for the .cc files of this folder only.
#pragma once

#include <sodium.h>

#include "crypto/invariant.h"

namespace allauth::crypto {

// Picks the code for this CPU. Cheap after the first call; thread-safe.
inline void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  require(ready, "libsodium does not start");
}

}  // namespace allauth::crypto
