// Verdicts of one session and direction by topic, so that a warm message costs one hash look-up. What
// it knows is of one revision of the answers; asked with another one it forgets all. Of each topic it knows
// the last answer, which holds for whatever is asked but what it depended on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "mqtt/guard.h"

namespace allauth::mqtt {

class VerdictCache {
 public:
  // Topics kept at most; the cache starts over when it is full.
  static constexpr std::size_t kMaxEntries = 64;

  // Lives until the next call. Nothing after answers that depended on properties.
  const TopicVerdict* find(std::string_view topic, const Asked& asked, std::uint64_t revision);
  const TopicVerdict& put(std::string_view topic, const Asked& asked, TopicVerdict verdict);
  // Gives its memory back.
  void clear() {
    if (!entries_.empty()) Entries().swap(entries_);
  }
  bool empty() const { return entries_.empty(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Entry {
    std::uint8_t qos = 0;  // as was asked
    bool retain = false;
    TopicVerdict answer;
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
  Entries entries_;
  std::uint64_t revision_ = 0;
};

}  // namespace allauth::mqtt
