// The test program starts itself with this flag to be killed (crash_test.cc).
#pragma once

#include <string>

namespace allauth::store::testing {

inline constexpr const char* kCrashChildFlag = "--crash-child";

// Writes to the store at `location` for ever, noting each answer on the file descriptor `ledger`. Unless 0,
// images of the log are kept for so many milliseconds only.
int run_crash_child(const std::string& location, int round, int ledger, int keep_images);

}  // namespace allauth::store::testing
