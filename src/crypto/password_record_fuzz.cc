// A password record of anybody's: read or refused, and what is taken has a name. Nothing is hashed.
#include <cstdlib>

#include "crypto/password.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool taken = allauth::crypto::check_password_record(text).has_value();
  if (taken && allauth::crypto::password_scheme(text).empty()) std::abort();
  return 0;
}
