// Bytes as text: base64url (RFC 4648 §5, unpadded as in RFC 7515 §2), base64 (§4, padded) and hex (§8).
// The decoders are strict, so every byte string has exactly one accepted text: no white space, no
// foreign characters, no missing or surplus padding, no set bits after the last byte. Pure functions.
// Bytes are held in std::string. Not constant-time: do not use them where timing could tell a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace allauth::codec {

std::string base64url_encode(std::string_view bytes);
std::string base64_encode(std::string_view bytes);
std::string hex_encode(std::string_view bytes);  // lower case

// Nothing if `text` is not what the encoder makes; hex may be of either case.
std::optional<std::string> base64url_decode(std::string_view text);
std::optional<std::string> base64_decode(std::string_view text);
std::optional<std::string> hex_decode(std::string_view text);

// Standard alphabet without padding, as PHC strings write salts and hashes.
std::string base64_encode_unpadded(std::string_view bytes);
std::optional<std::string> base64_decode_unpadded(std::string_view text);

// A span of bytes seen as characters, for the functions above. Borrows.
inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
// And the other way round.
inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace allauth::codec
