#include "mqtt/revocations.h"

namespace allauth::mqtt {
namespace {

// Fixed header, packet id and the length of no properties; and the length before each filter.
constexpr std::size_t kFrameSize = 8;
constexpr std::size_t kFilterSize = 2;

}  // namespace

void Revocations::drop(std::string_view filter) {
  const auto found = waiting_.find(filter);
  if (found != waiting_.end()) waiting_.erase(found);
}

std::vector<std::string> Revocations::begin(std::uint16_t packet_id, std::size_t max_size, Tick now) {
  std::vector<std::string> filters;
  for (auto size = kFrameSize; !waiting_.empty();) {
    size += kFilterSize + waiting_.begin()->size();
    if (!filters.empty() && size > max_size) break;
    filters.push_back(std::move(waiting_.extract(waiting_.begin()).value()));
  }
  request_ = packet_id;
  since_ = now;
  return filters;
}

bool Revocations::answered(std::uint16_t packet_id) {
  if (request_ == 0 || packet_id != request_) return false;
  request_ = 0;
  return true;
}

}  // namespace allauth::mqtt
