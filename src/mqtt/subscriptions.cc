#include "mqtt/subscriptions.h"

#include <algorithm>

namespace allauth::mqtt {

bool Subscriptions::add(std::string_view filter, std::string_view broker_filter) {
  return filters_.insert_or_assign(std::string(filter), std::string(broker_filter)).second;
}

void Subscriptions::remove(std::string_view filter) {
  const auto found = filters_.find(filter);
  if (found != filters_.end()) filters_.erase(found);
}

std::vector<std::string> Subscriptions::take_revoked(Guard& guard) {
  std::vector<std::string> revoked;
  for (auto it = filters_.begin(); it != filters_.end();) {
    const auto answer = guard.subscribe(it->first);
    const auto& broker_filter = answer.topic.empty() ? it->first : answer.topic;
    const bool same = answer.verdict.granted() && broker_filter == it->second;
    if (same || answer.verdict.outcome == Outcome::error) {
      ++it;
      continue;
    }
    revoked.push_back(std::move(it->second));
    it = filters_.erase(it);
  }
  return revoked;
}

std::optional<PendingSubscribe> Subscriptions::take_pending(std::uint16_t packet_id) {
  const auto found = std::ranges::find(pending_, packet_id, &PendingSubscribe::packet_id);
  if (found == pending_.end()) return std::nullopt;
  auto pending = std::move(*found);
  pending_.erase(found);
  if (pending_.empty()) pending_ = std::vector<PendingSubscribe>();
  return pending;
}

bool Subscriptions::take_unsuback(std::uint16_t packet_id) {
  const auto found = std::ranges::find(unsubscribing_, packet_id);
  if (found == unsubscribing_.end()) return false;
  unsubscribing_.erase(found);
  return true;
}

bool Subscriptions::uses(std::uint16_t packet_id) const {
  return std::ranges::find(unsubscribing_, packet_id) != unsubscribing_.end() ||
         std::ranges::find(pending_, packet_id, &PendingSubscribe::packet_id) != pending_.end();
}

}  // namespace allauth::mqtt
