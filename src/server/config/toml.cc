// The only file that knows the TOML library.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "server/config/load.h"

namespace allauth::server {
namespace {

using Flat = std::vector<std::pair<std::string, std::string>>;

Result<void> flatten(const toml::node& node, const std::string& path, Flat& out);

// ["a", "b"] is "a,b": a list of words may be written either way.
bool is_list_of_words(const toml::array& array) {
  return !array.empty() &&
         std::ranges::all_of(array, [](const toml::node& node) { return node.is_string(); });
}

std::string joined(const toml::array& words) {
  std::string text;
  for (const auto& word : words)
    text += fmt::format("{}{}", text.empty() ? "" : ",", word.as_string()->get());
  return text;
}

Result<void> flatten_table(const toml::table& table, const std::string& path, Flat& out) {
  for (const auto& [name, child] : table) {
    const std::string key(name.str());
    TRY(flatten(child, path.empty() ? key : path + "." + key, out));
  }
  return {};
}

Result<void> flatten(const toml::node& node, const std::string& path, Flat& out) {
  if (const auto* table = node.as_table()) return flatten_table(*table, path, out);
  if (const auto* array = node.as_array()) {
    if (is_list_of_words(*array)) {
      out.emplace_back(path, joined(*array));
      return {};
    }
    for (std::size_t i = 0; i < array->size(); ++i)
      TRY(flatten(*array->get(i), fmt::format("{}.{}", path, i), out));
    return {};
  }
  if (const auto* text = node.as_string())
    out.emplace_back(path, text->get());
  else if (const auto* number = node.as_integer())
    out.emplace_back(path, fmt::format("{}", number->get()));
  else if (const auto* boolean = node.as_boolean())
    out.emplace_back(path, boolean->get() ? "true" : "false");
  else
    return fail(Code::invalid, "config.value",
                fmt::format("{}: expected text, a whole number, true or false", path));
  return {};
}

}  // namespace

Result<Flat> flatten_toml(std::string_view text, std::string_view file_name) {
  const toml::parse_result parsed = toml::parse(text, file_name);
  if (!parsed) {
    const auto& error = parsed.error();
    return fail(Code::invalid, "config.syntax",
                fmt::format("{}:{}:{}: {}", file_name, error.source().begin.line, error.source().begin.column,
                            error.description()));
  }
  Flat out;
  TRY(flatten_table(parsed.table(), "", out));
  return out;
}

}  // namespace allauth::server
