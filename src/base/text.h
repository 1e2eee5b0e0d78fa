// Small helpers for text that several layers need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace allauth {

// Appends `text` as a JSON string (RFC 8259 §7), control characters escaped. Bytes that are not
// UTF-8 come out as U+FFFD, so the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

// Only characters 0x20..0x7E.
bool is_printable_ascii(std::string_view text);

// Well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// The number of code points of well-formed UTF-8.
std::size_t code_points(std::string_view utf8);

// A–Z to a–z; all else as it is.
std::string ascii_lower(std::string_view text);

// Whole decimal numbers only: no sign, no spaces, no overflow.
std::optional<std::uint64_t> parse_u64(std::string_view text);

// "a,b,,c" split at ',' gives four pieces.
std::vector<std::string_view> split(std::string_view text, char at);

// Spaces and tabs cut off at both ends.
std::string_view trim(std::string_view text);

// What follows the last '/'.
std::string_view base_name(std::string_view path);

}  // namespace allauth
