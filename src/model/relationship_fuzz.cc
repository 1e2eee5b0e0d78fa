// Keys of relationships come with images, and from the command line.
#include <cstdlib>

#include "model/relationship.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto row = allauth::parse_relationship_key(text);
  if (row && row->key_text() != text) std::abort();
  (void)allauth::is_related_id(text);
  return 0;
}
