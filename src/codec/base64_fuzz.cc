// Whatever a decoder takes, the encoder gives back: one text per byte string.
#include <cstdlib>

#include "codec/base64.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace codec = allauth::codec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = codec::base64url_decode(text);
  if (url && codec::base64url_encode(*url) != text) std::abort();
  const auto standard = codec::base64_decode(text);
  if (standard && codec::base64_encode(*standard) != text) std::abort();
  if (codec::base64url_decode(codec::base64url_encode(text)) != text) std::abort();
  if (codec::hex_decode(codec::hex_encode(text)) != text) std::abort();
  return 0;
}
