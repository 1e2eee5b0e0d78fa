// Text in its one form stays as it is, and so does text that was folded.
#include <cstdlib>

#include "codec/opaque_string.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace codec = allauth::codec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto once = codec::opaque_string(text);
  if (once && once->size() <= codec::kMaxOpaqueBytes && codec::opaque_string(*once) != once) std::abort();
  const auto folded = codec::folded(text);
  if (once.has_value() != folded.has_value()) std::abort();
  return 0;
}
