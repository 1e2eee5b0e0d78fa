// For conditions that no input can break and no caller could handle: a library that cannot hash.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace allauth::crypto {

// Ends the process if `holds` is false: going on without working cryptography is worse.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fatal: cryptography is broken: %s\n", what);
  std::abort();
}

}  // namespace allauth::crypto
