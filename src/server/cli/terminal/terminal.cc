#include "server/cli/terminal/terminal.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "server/cli/options.h"

namespace allauth::server::cli {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Unicode's East Asian Width W and F, by blocks, and emoji (UAX #11).
constexpr std::array<Range, 12> kWide{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0x33FF},
                                       {0x3400, 0x4DBF},
                                       {0x4E00, 0x9FFF},
                                       {0xA000, 0xA4CF},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE4F},
                                       {0xFF00, 0xFF60},
                                       {0x1F300, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};
// Marks that combine, joiners and variation selectors.
constexpr std::array<Range, 6> kNoWidth{{{0x0300, 0x036F},
                                         {0x1AB0, 0x1AFF},
                                         {0x200B, 0x200F},
                                         {0x20D0, 0x20FF},
                                         {0xFE00, 0xFE0F},
                                         {0xFE20, 0xFE2F}}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, std::uint32_t c) {
  for (const auto& [first, last] : ranges)
    if (c >= first && c <= last) return true;
  return false;
}

// Takes one code point of well-formed UTF-8 off the front.
std::uint32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t c = size == 1 ? first : first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size && i < text.size(); ++i)
    c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  text.remove_prefix(std::min(size, text.size()));
  return c;
}

std::size_t columns_of(std::uint32_t c) { return is_in(kNoWidth, c) ? 0 : is_in(kWide, c) ? 2 : 1; }

// C0, DEL, C1, and what turns the direction of writing around.
bool is_control(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

bool input_is_terminal() { return ::isatty(STDIN_FILENO) != 0; }
bool output_is_terminal() { return ::isatty(STDOUT_FILENO) != 0; }

std::optional<std::size_t> output_width() {
  winsize size{};
  if (!output_is_terminal() || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return std::nullopt;
  return size.ws_col;
}

std::string tinted(std::string_view text, Tint tint) {
  static const bool colours =
      output_is_terminal() && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  constexpr std::array<int, 5> kCodes{0, 1, 32, 31, 2};
  if (!colours || tint == Tint::plain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(tint)], text);
}

std::string printable(std::string_view text) {
  constexpr std::string_view kInstead = "\xEF\xBF\xBD";
  std::string out;
  if (!is_utf8(text)) {
    for (const char c : text) out += c >= 0x20 && c < 0x7F ? std::string_view(&c, 1) : kInstead;
    return out;
  }
  while (!text.empty()) {
    const auto before = text;
    const auto c = take_code_point(text);
    out += is_control(c) ? kInstead : before.substr(0, before.size() - text.size());
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) columns += columns_of(take_code_point(text));
  return columns;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::string out;
  for (std::size_t used = 1; !text.empty();) {
    const auto before = text;
    used += columns_of(take_code_point(text));
    if (used > columns) break;
    out += before.substr(0, before.size() - text.size());
  }
  return out + "…";
}

}  // namespace allauth::server::cli
