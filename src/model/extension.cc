#include "model/extension.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace allauth {

Result<std::string> parse_document(std::string_view json, std::size_t most_bytes, std::string_view field) {
  if (json.size() > most_bytes)
    return fail(Code::invalid, "document.too_large", fmt::format("It has at most {} KiB.", most_bytes / 1024),
                std::string(field));
  boost::json::parse_options options;
  options.max_depth = 32;
  boost::system::error_code error;
  const auto value =
      boost::json::parse(boost::json::string_view(json.data(), json.size()), error, {}, options);
  if (error || !value.is_object())
    return fail(Code::invalid, "document.invalid", "It is a JSON object, nested at most 32 deep.",
                std::string(field));
  return std::string(json);
}

Result<std::string> parse_extension_word(std::string_view text, std::string_view field) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto fits = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  if (text.empty() || text.size() > 64 || !is_letter(text.front()) || !std::ranges::all_of(text, fits))
    return fail(Code::invalid, "word.invalid", "It is 1 to 64 of a-z 0-9 . _ - and begins with a letter.",
                std::string(field));
  return std::string(text);
}

}  // namespace allauth
