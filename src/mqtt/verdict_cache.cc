#include "mqtt/verdict_cache.h"

namespace allauth::mqtt {

const TopicVerdict* VerdictCache::find(std::string_view topic, const Asked& asked, std::uint64_t revision) {
  if (revision != revision_) {
    clear();
    revision_ = revision;
    return nullptr;
  }
  const auto found = entries_.find(topic);
  if (found == entries_.end()) return nullptr;
  const auto& [qos, retain, answer] = found->second;
  const auto& on = answer.depends_on;
  const bool other = on.properties || (on.qos && qos != asked.qos) || (on.retain && retain != asked.retain);
  return other ? nullptr : &answer;
}

const TopicVerdict& VerdictCache::put(std::string_view topic, const Asked& asked, TopicVerdict verdict) {
  if (entries_.size() >= kMaxEntries) entries_.clear();
  auto& entry = entries_[std::string(topic)];
  entry = {asked.qos, asked.retain, std::move(verdict)};
  return entry.answer;
}

}  // namespace allauth::mqtt
