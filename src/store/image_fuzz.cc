// Any bytes either decode to a row that encodes and decodes alike, or are refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "model/access.h"
#include "store/image.h"

using namespace allauth;

template <class T>
static void try_as(std::string_view bytes) {
  const auto row = store::decode_image<T>(bytes);
  if (!row) return;
  const auto image = store::encode_image(*row);
  const auto again = store::decode_image<T>(image);
  if (!again || store::encode_image(*again) != image) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_as<User>(bytes);
  try_as<Role>(bytes);
  try_as<Credential>(bytes);
  try_as<RoleMember>(bytes);
  return 0;
}
