#include <map>

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

// "gateway.*.tls.key" without its list is "tls.key"; "listener.*.mounts.*.at" is "at".
std::string_view within(const Key& key) {
  const std::string_view path = key.path;
  return key.in_list() ? path.substr(path.rfind(".*.") + 3) : path;
}

// "gateway", "listener.mounts"; empty outside any list.
std::string list_of(const Key& key) {
  std::string list;
  std::string_view path = key.path;
  for (auto star = path.find(".*."); star != std::string_view::npos; star = path.find(".*.")) {
    list += fmt::format("{}{}", list.empty() ? "" : ".", path.substr(0, star));
    path.remove_prefix(star + 3);
  }
  return list;
}

void print_key(std::string& out, const LoadedConfig& loaded, const Key& key, Index index) {
  const auto origin = loaded.origin.find(key.path_of(index));
  out += fmt::format("{} = {}  # {}\n", within(key), toml_value(key, key.get(loaded.config, index)),
                     origin == loaded.origin.end() ? "default" : origin->second);
}

// What a list holds in each of its entries, by entry.
std::map<std::size_t, std::vector<std::pair<const Key*, Index>>> by_entry(
    const Config& config, std::string_view list, std::optional<std::size_t> within_outer) {
  std::map<std::size_t, std::vector<std::pair<const Key*, Index>>> entries;
  for (const auto& key : all_keys()) {
    if (list_of(key) != list) continue;
    for (const auto index : places(config, key)) {
      if (within_outer && index.outer != *within_outer) continue;
      entries[within_outer ? index.inner : index.outer].emplace_back(&key, index);
    }
  }
  return entries;
}

void print_entry(std::string& out, const LoadedConfig& loaded, std::string_view list,
                 const std::vector<std::pair<const Key*, Index>>& values) {
  out += fmt::format("\n[[{}]]\n", list);
  for (const auto& [key, index] : values) print_key(out, loaded, *key, index);
}

// A list with what is in it; the entries of an inner list follow the entry that they belong to.
void print_list(std::string& out, const LoadedConfig& loaded, std::string_view list,
                std::string_view inner = {}) {
  for (const auto& [outer, values] : by_entry(loaded.config, list, std::nullopt)) {
    print_entry(out, loaded, list, values);
    if (inner.empty()) continue;
    for (const auto& [at, inside] : by_entry(loaded.config, inner, outer))
      print_entry(out, loaded, inner, inside);
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
    if (!key.in_list()) print_key(out, loaded, key, {});
  print_list(out, loaded, "listener", "listener.mounts");
  print_list(out, loaded, "grpc");
  print_list(out, loaded, "gateway");
  return out;
}

std::string config_reference() {
  Config defaults;
  defaults.listeners.emplace_back().mounts.emplace_back();
  defaults.grpc.emplace_back();
  defaults.gateways.emplace_back();
  std::string out = "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  for (const auto& key : all_keys()) {
    const auto value = key.get(defaults, {});
    out += fmt::format("| `{}` | {} | {} | {} |\n", key.path, type_name(key.type),
                       value.empty() ? "" : fmt::format("`{}`", value), key.help);
  }
  return out;
}

}  // namespace allauth::server
