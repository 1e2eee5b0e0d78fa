#include "base/text.h"
#include "server/config/keys.h"
#include "server/config/load.h"

namespace allauth::server {
namespace {

std::string toml_value(const Key& key, const std::string& value) {
  if (key.type == KeyType::boolean || key.type == KeyType::integer) return value;
  std::string quoted;
  append_json_string(quoted, value);  // JSON strings are TOML basic strings
  return quoted;
}

// "gateway.2.tls.key" without its list is "tls.key".
std::string_view within(const Key& key) {
  const std::string_view path = key.path;
  return key.in_list() ? path.substr(path.find(".*.") + 3) : path;
}

void print_key(std::string& out, const LoadedConfig& loaded, const Key& key, std::size_t index) {
  const auto origin = loaded.origin.find(key.path_of(index));
  out += fmt::format("{} = {}  # {}\n", within(key), toml_value(key, key.get(loaded.config, index)),
                     origin == loaded.origin.end() ? "default" : origin->second);
}

void print_list(std::string& out, const LoadedConfig& loaded, std::string_view list) {
  for (std::size_t i = 0;; ++i) {
    bool any = false;
    for (const auto& key : all_keys()) {
      if (!key.path.starts_with(fmt::format("{}.*.", list)) || i >= entries(loaded.config, key)) continue;
      if (!std::exchange(any, true)) out += fmt::format("\n[[{}]]\n", list);
      print_key(out, loaded, key, i);
    }
    if (!any) return;
  }
}

std::string_view type_name(KeyType type) {
  switch (type) {
    case KeyType::text:
      return "text";
    case KeyType::boolean:
      return "true/false";
    case KeyType::integer:
      return "number";
    case KeyType::duration:
      return "duration";
    case KeyType::word:
      return "word";
  }
  return "text";
}

}  // namespace

std::string print_config(const LoadedConfig& loaded) {
  std::string out;
  for (const auto& key : all_keys())
    if (!key.in_list()) print_key(out, loaded, key, 0);
  print_list(out, loaded, "listener");
  print_list(out, loaded, "gateway");
  return out;
}

std::string config_reference() {
  Config defaults;
  defaults.listeners.emplace_back();
  defaults.gateways.emplace_back();
  std::string out = "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  for (const auto& key : all_keys()) {
    const auto value = key.get(defaults, 0);
    out += fmt::format("| `{}` | {} | {} | {} |\n", key.path, type_name(key.type),
                       value.empty() ? "" : fmt::format("`{}`", value), key.help);
  }
  return out;
}

}  // namespace allauth::server
