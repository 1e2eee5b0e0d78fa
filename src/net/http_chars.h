// The character classes of RFC 9110 §5 and RFC 3986, as one table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace allauth::net {

enum CharClass : std::uint8_t {
  kToken = 1,   // tchar: methods, field names
  kTarget = 2,  // what a request target may hold: visible ASCII but '#'
  kHost = 4,    // uri-host and port: reg-name, IP literal, ':'
};

inline constexpr auto kCharClasses = [] {
  std::array<std::uint8_t, 256> table{};
  for (int c = 0; c < 256; ++c) {
    std::uint8_t bits = 0;
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const char ch = static_cast<char>(c);
    if (alnum || (c != 0 && std::string_view("!#$%&'*+-.^_`|~").contains(ch))) bits |= kToken;
    if (c > 0x20 && c < 0x7F && c != '#') bits |= kTarget;
    if (alnum || (c != 0 && std::string_view("-._~!$&'()*+,;=%:[]").contains(ch))) bits |= kHost;
    table[static_cast<std::size_t>(c)] = bits;
  }
  return table;
}();

// field-vchar, obs-text, SP, HTAB. Without branches, so that the compiler takes many characters at once.
constexpr bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return ((byte >= 0x20) & (byte != 0x7F)) | (byte == '\t');
}

inline bool is_class(char c, CharClass wanted) {
  return (kCharClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

inline bool all_class(std::string_view text, CharClass wanted) {
  std::uint8_t all = wanted;
  for (char c : text) all &= kCharClasses[static_cast<unsigned char>(c)];
  return all != 0;
}

}  // namespace allauth::net
