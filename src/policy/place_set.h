// Which places were visited. Internal to the look-ups.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace allauth::policy {

// Numbers below 2^64 - 1, in one open-addressing table that is at most half full.
class PlaceSet {
 public:
  // False: it was there.
  bool insert(std::uint64_t place) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    std::uint64_t& slot = slots_[position(place)];
    if (slot != 0) return false;
    slot = place + 1;
    ++used_;
    return true;
  }
  bool contains(std::uint64_t place) const { return slots_[position(place)] != 0; }
  bool empty() const { return used_ == 0; }

 private:
  static constexpr std::size_t kFirstSize = 128;

  // Where it is, or would be.
  std::size_t position(std::uint64_t place) const {
    std::size_t at = place * 0x9E3779B97F4A7C15ull >> (64 - std::bit_width(slots_.size() - 1));
    while (slots_[at] != 0 && slots_[at] != place + 1) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    const auto old = std::exchange(slots_, std::vector<std::uint64_t>(slots_.size() * 4));
    for (const std::uint64_t slot : old)
      if (slot != 0) slots_[position(slot - 1)] = slot;
  }

  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(kFirstSize);  // a place + 1, or 0
  std::size_t used_ = 0;
};

}  // namespace allauth::policy
