// Passwords as text, after RFC 8265 §4.2 (OpaqueString of PRECIS): every Unicode space is the space, and what
// can be written in several ways is written in one (NFC), so that a password is the same from every keyboard.
// Nothing else is changed: no case, no width, no trimming. More generous than the RFC in one point:
// formatting characters such as joiners and variation selectors are kept, since emoji are made with them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace allauth::codec {

// Longer input is refused. NFC makes text at most three times as long.
inline constexpr std::size_t kMaxOpaqueBytes = 4096;

// Nothing for the empty string, for what is not UTF-8, and for text with control characters or code points
// that Unicode 14 does not know. Pure; thread-safe.
std::optional<std::string> opaque_string(std::string_view text);

// For comparing: the same for texts that differ only in case or in how they are written. Nothing where
// opaque_string has nothing.
std::optional<std::string> folded(std::string_view text);

}  // namespace allauth::codec
