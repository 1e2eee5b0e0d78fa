// Any text as a page token: no crash, and what is accepted is what is made of its place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "app/lists/page_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  for (const auto& order : allauth::store::list::users().orders()) {
    const auto place = allauth::app::parse_page_token(token, "seed", order);
    if (place && allauth::app::make_page_token(*place, "seed") != token) std::abort();
  }
  return 0;
}
