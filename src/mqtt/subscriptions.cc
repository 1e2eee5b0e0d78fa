#include "mqtt/subscriptions.h"

#include <algorithm>

#include "codec/mqtt/topic.h"

namespace allauth::mqtt {
namespace {

// `topic` with the beginning in which the two filters differ put back to the client's. The filters differ
// in names only, before any wildcard.
std::string rename(std::string_view topic, std::string_view mine, std::string_view theirs) {
  const auto end = std::mismatch(mine.rbegin(), mine.rend(), theirs.rbegin(), theirs.rend()).first;
  const auto same = static_cast<std::size_t>(end - mine.rbegin());
  const auto before = theirs.substr(0, theirs.size() - same);
  if (!topic.starts_with(before)) return {};
  return std::string(mine.substr(0, mine.size() - same)) + std::string(topic.substr(before.size()));
}

}  // namespace

Subscriptions::Added Subscriptions::add(std::string_view filter, std::string_view broker_filter,
                                        const Asked& asked, const DependsOn& depends_on) {
  const auto use = uses_.try_emplace(std::string(broker_filter), 0).first;
  ++use->second;
  Known fresh{use, asked.qos, std::string(depends_on.properties ? asked.properties.block() : "")};
  const auto known = filters_.find(filter);
  if (known == filters_.end()) {
    filters_.emplace(filter, std::move(fresh));
    return {.fresh = true, .orphan = {}};
  }
  return {.fresh = false, .orphan = release(std::exchange(known->second, std::move(fresh)).use)};
}

std::string Subscriptions::remove(std::string_view filter) {
  const auto found = filters_.find(filter);
  if (found == filters_.end()) return {};
  const auto use = found->second.use;
  filters_.erase(found);
  return release(use);
}

// One filter less means it; returns its name if that was the last.
std::string Subscriptions::release(Uses::iterator use) {
  if (--use->second > 0) return {};
  return std::move(uses_.extract(use).key());
}

std::vector<std::string> Subscriptions::take_revoked(Guard& guard) {
  std::vector<std::string> revoked;
  for (auto it = filters_.begin(); it != filters_.end();) {
    const auto& [use, qos, properties] = it->second;
    const auto answer =
        guard.subscribe(it->first, {.qos = qos, .properties = PropertyView::trusted(properties)});
    const auto& broker_filter = answer.topic.empty() ? it->first : answer.topic;
    const bool same = answer.verdict.granted() && broker_filter == use->first;
    if (same || answer.verdict.outcome == Outcome::error) {
      ++it;
      continue;
    }
    auto name = release(use);
    if (!name.empty()) revoked.push_back(std::move(name));
    it = filters_.erase(it);
  }
  return revoked;
}

std::string Subscriptions::name_of(std::string_view broker_topic) const {
  for (const auto& [filter, known] : filters_) {
    const auto mine = effective_filter(filter);
    const auto theirs = effective_filter(known.use->first);
    if (!topic_matches(theirs, broker_topic)) continue;
    return mine == theirs ? std::string() : rename(broker_topic, mine, theirs);
  }
  return {};
}

std::optional<PendingRequest> Subscriptions::take_pending(PacketType answer, std::uint16_t packet_id) {
  const auto found = std::ranges::find(pending_, packet_id, &PendingRequest::packet_id);
  if (found == pending_.end() || found->answer != answer) return std::nullopt;
  auto pending = std::move(*found);
  pending_.erase(found);
  if (pending_.empty()) pending_ = std::vector<PendingRequest>();
  return pending;
}

bool Subscriptions::awaits(std::uint16_t packet_id) const {
  return std::ranges::find(pending_, packet_id, &PendingRequest::packet_id) != pending_.end();
}

void Subscriptions::mark(PacketIds& used) const {
  for (const auto& pending : pending_) used.set(pending.packet_id);
}

}  // namespace allauth::mqtt
