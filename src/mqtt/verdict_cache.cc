#include "mqtt/verdict_cache.h"

namespace allauth::mqtt {

const TopicVerdict* VerdictCache::find(std::string_view topic, bool retain, std::uint64_t revision) {
  if (revision != revision_) {
    clear();
    revision_ = revision;
    return nullptr;
  }
  const auto found = entries_.find(topic);
  if (found == entries_.end() || !found->second.known[retain]) return nullptr;
  return &found->second.verdict[retain];
}

const TopicVerdict& VerdictCache::put(std::string_view topic, bool retain, TopicVerdict verdict) {
  if (entries_.size() >= kMaxEntries) entries_.clear();
  auto& entry = entries_[std::string(topic)];
  entry.known[retain] = true;
  entry.verdict[retain] = std::move(verdict);
  return entry.verdict[retain];
}

}  // namespace allauth::mqtt
