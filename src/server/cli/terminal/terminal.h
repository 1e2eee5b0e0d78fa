// What is known of the terminal, if there is one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace allauth::server::cli {

bool input_is_terminal();
bool output_is_terminal();

// Columns of standard output; nothing if it is no terminal.
std::optional<std::size_t> output_width();

enum class Tint { plain, strong, good, bad, dim };

// Coloured where standard output is a terminal and NO_COLOR is not set; else as it is.
std::string tinted(std::string_view text, Tint tint);

// What came from a server, safe to show: control characters, which could move the cursor or rename the
// window, and broken UTF-8 come out as U+FFFD.
std::string printable(std::string_view text);

// Columns that well-formed UTF-8 takes: 2 for wide characters, 0 for marks that combine.
std::size_t columns_of(std::string_view text);

// At most so many columns of it, ending in … where something is missing.
std::string cut(std::string_view text, std::size_t columns);

}  // namespace allauth::server::cli
