// Any bytes as a request of reflection: no crash, and a bounded answer.
#include <cstdint>
#include <string_view>

#include "wire/method.h"
#include "wire/rpc/reflection.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const allauth::wire::SchemaIndex& index =
      *new allauth::wire::SchemaIndex(allauth::wire::native_services());
  const auto answer = allauth::wire::answer_reflection(index, {reinterpret_cast<const char*>(data), size});
  if (answer && answer->size() > (1 << 20)) __builtin_trap();
  return 0;
}
