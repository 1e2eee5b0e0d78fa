// How much JSON a caller may send.
#pragma once

#include <cstddef>

namespace allauth::wire {

struct JsonLimits {
  std::size_t depth = 32;                  // of the whole document
  std::size_t metadata_depth = 8;          // of a free-form object (google.protobuf.Struct), itself included
  std::size_t metadata_bytes = 16 * 1024;  // of a free-form object, as we write it
};

}  // namespace allauth::wire
