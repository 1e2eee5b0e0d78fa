// Whatever is taken prints to the same text again; a header is also tried as the input itself, so
// that the fuzzer need not find base64url first.
#include <cstdlib>

#include "codec/jose/jws.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace jose = allauth::jose;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto jws = jose::UnverifiedJws::parse(text)) {
    if (jose::encode_jws(jws->signing_input(), jws->signature()) != text) std::abort();
  }
  const std::string wrapped = jose::encode_jws(jose::signing_input(text, text), text);
  if (const auto jws = jose::UnverifiedJws::parse(wrapped)) {
    if (jws->payload_to_verify() != text || jws->signature() != text) std::abort();
  }
  return 0;
}
