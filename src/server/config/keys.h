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

// Which entry of a list, and which of a list within that entry.
struct Index {
  std::size_t outer = 0;
  std::size_t inner = 0;
};

struct Key {
  // "tokens.issuer"; '*' stands for the index in a list: "gateway.*.address", "listener.*.mounts.*.at"
  std::string path;
  KeyType type;
  std::string help;  // one sentence; durations say their unit as text: "30s", "5m"
  std::function<Result<void>(Config&, Index index, std::string_view value)> set;
  std::function<std::string(const Config&, Index index)> get;

  bool in_list() const { return path.find(".*.") != std::string::npos; }
  bool in_inner_list() const { return path.find(".*.") != path.rfind(".*."); }
  // "listener.*.mounts.*.at" with {2, 0} is "listener.2.mounts.0.at".
  std::string path_of(Index index) const;
  // "ALLAUTH_LISTENER_2_MOUNTS_0_AT".
  std::string variable_of(Index index) const;
};

inline constexpr std::size_t kMaxListEntries = 16;  // of a list, outer or inner

const std::vector<Key>& all_keys();

// All places at which the configuration has a value of this key, in order; one for a key outside any list.
std::vector<Index> places(const Config&, const Key&);

}  // namespace allauth::server
