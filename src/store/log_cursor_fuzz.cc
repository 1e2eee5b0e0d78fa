// Any text either is a cursor exactly as we write it, or is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "store/log_cursor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cursor = allauth::store::parse_log_cursor(text);
  if (cursor && allauth::store::to_text(*cursor) != text) std::abort();
  return 0;
}
