#include "mqtt/ack_queue.h"

namespace allauth::mqtt {

void AckQueue::expect(std::uint16_t packet_id) { slots_.push_back({packet_id, {}}); }

void AckQueue::answer(std::string packet, std::string& out) {
  if (size() == 0) {
    out += packet;
    return;
  }
  slots_.push_back({0, std::move(packet)});
}

bool AckQueue::arrived(std::uint16_t packet_id, std::string_view packet, std::string& out) {
  if (size() > 0 && slots_[first_].packet_id == packet_id && slots_[first_].packet.empty()) {
    out.append(packet);
    ++first_;
    flush(out);
    return true;
  }
  for (std::size_t i = first_; i < slots_.size(); ++i) {
    if (slots_[i].packet_id != packet_id || !slots_[i].packet.empty()) continue;
    slots_[i].packet = packet;
    return true;
  }
  return false;
}

void AckQueue::mark(PacketIds& used) const {
  for (std::size_t i = first_; i < slots_.size(); ++i) {
    if (slots_[i].packet.empty()) used.set(slots_[i].packet_id);
  }
}

void AckQueue::flush(std::string& out) {
  while (first_ < slots_.size() && !slots_[first_].packet.empty()) out += slots_[first_++].packet;
  if (first_ == slots_.size()) {
    slots_.clear();
    first_ = 0;
    if (slots_.capacity() > 8) slots_ = std::vector<Slot>();
  } else if (first_ >= 64 && first_ * 2 >= slots_.size()) {
    slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

}  // namespace allauth::mqtt
