#include "codec/opaque_string.h"

#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "base/secret.h"

namespace allauth::codec {
namespace {

const utf8proc_uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

// With ASCII spaces only; nothing for control characters and what is not UTF-8.
std::optional<std::string> plain_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto size = utf8proc_iterate(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &point);
    if (size <= 0) return std::nullopt;
    const auto category = utf8proc_category(point);
    if (category == UTF8PROC_CATEGORY_CC) return std::nullopt;
    const auto character = text.substr(0, static_cast<std::size_t>(size));
    out += category == UTF8PROC_CATEGORY_ZS ? " " : character;
    text.remove_prefix(character.size());
  }
  return out;
}

std::optional<std::string> mapped(std::string_view text, unsigned options) {
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(
      bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &raw,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_REJECTNA | options));
  if (size < 0) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
  wipe_memory(raw, static_cast<std::size_t>(size));
  std::free(raw);
  return out;
}

std::optional<std::string> prepare(std::string_view text, unsigned options) {
  if (text.empty() || text.size() > kMaxOpaqueBytes) return std::nullopt;
  auto spaced = plain_spaces(text);
  if (!spaced) return std::nullopt;
  auto out = mapped(*spaced, options);
  wipe_memory(spaced->data(), spaced->size());
  return out;
}

}  // namespace

std::optional<std::string> opaque_string(std::string_view text) { return prepare(text, 0); }
std::optional<std::string> folded(std::string_view text) { return prepare(text, UTF8PROC_CASEFOLD); }

}  // namespace allauth::codec
