// Every configuration key: its path, its default, what it means and where it goes. The TOML file, the
// variables, the flags, `config print` and the reference in docs/configuration.md all come from here.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/config/config.h"

namespace allauth::server {

enum class KeyType { text, boolean, integer, duration, word };

struct Key {
  std::string path;  // "tokens.issuer"; '*' stands for the index of a list: "gateway.*.address"
  KeyType type;
  std::string help;  // one sentence; durations say their unit as text: "30s", "5m"
  std::function<Result<void>(Config&, std::size_t index, std::string_view value)> set;
  std::function<std::string(const Config&, std::size_t index)> get;

  bool in_list() const { return path.find(".*.") != std::string::npos; }
  // "gateway.*.address" with 2 is "gateway.2.address".
  std::string path_of(std::size_t index) const;
  // "ALLAUTH_GATEWAY_2_ADDRESS".
  std::string variable_of(std::size_t index) const;
};

inline constexpr std::size_t kMaxListEntries = 16;

const std::vector<Key>& all_keys();

// How many entries the list that a key belongs to has; 1 for a key outside any list.
std::size_t entries(const Config&, const Key&);

}  // namespace allauth::server
