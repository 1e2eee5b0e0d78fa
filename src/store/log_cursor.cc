#include "store/log_cursor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace allauth::store {
namespace {

constexpr std::size_t kTagDigits = 16;

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  const auto lower = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (digits.size() != kTagDigits || !std::ranges::all_of(digits, lower)) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

}  // namespace

std::string to_text(const LogCursor& cursor) {
  return fmt::format("{}.{:016x}", to_number(cursor.revision), cursor.tag);
}

Result<LogCursor> parse_log_cursor(std::string_view text) {
  const auto dot = text.find('.');
  if (dot != std::string_view::npos) {
    const auto revision = parse_u64(text.substr(0, dot));
    const auto tag = parse_hex(text.substr(dot + 1));
    if (revision && tag) {
      const LogCursor cursor{Revision{*revision}, *tag};
      if (to_text(cursor) == text) return cursor;
    }
  }
  return fail(Code::invalid, "log.cursor", "This is no place in the log as this server gives them out.");
}

std::uint64_t make_tag(Entropy& entropy) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  entropy.fill(bytes);
  const auto number = std::bit_cast<std::uint64_t>(bytes) >> 1;  // databases have signed numbers
  return std::max<std::uint64_t>(number, 1);
}

Result<Standing> standing(const LogCursor& at, const LogHead& head,
                          const std::function<Result<std::uint64_t>(Revision)>& tag_of) {
  if (at == head.newest) return Standing::at_head;
  if (at.revision > head.newest.revision) return Standing::replaced;
  if (at.revision < head.compacted.revision) return Standing::compacted;
  std::uint64_t tag = head.compacted.tag;
  if (at.revision != head.compacted.revision) {
    TRY(tag, tag_of(at.revision));
  }
  if (at.tag != tag) return Standing::replaced;
  return at.revision == head.newest.revision ? Standing::at_head : Standing::behind;
}

}  // namespace allauth::store
