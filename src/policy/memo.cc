#include "policy/memo.h"

#include <algorithm>
#include <utility>

namespace allauth::policy {

void Memo::start() {
  ++check_;
  used_ = 0;
  trail_.clear();
  groups_.clear();
}

// Where the place is, or would be.
std::size_t Memo::position(std::uint64_t place) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = (place * 0x9E3779B97F4A7C15ull >> 24) & mask;
  while (slots_[at].check == check_ && slots_[at].place != place) at = (at + 1) & mask;
  return at;
}

std::optional<Memo::Answer> Memo::find(std::uint64_t place) const {
  const Slot& slot = slots_[position(place)];
  if (slot.check != check_) return std::nullopt;
  switch (slot.state) {
    case State::unknown:
      return std::nullopt;
    case State::entered:
      return Answer{false, slot.value};
    case State::presumed: {
      const auto after =
          std::upper_bound(groups_.begin(), groups_.end(), slot.value,
                           [](std::uint32_t at, const Group& group) { return at < group.start; });
      return Answer{false, (after - 1)->rests_on};
    }
    case State::no:
      return Answer{false, kCertain};
    case State::yes:
      return Answer{true, kCertain};
  }
  return std::nullopt;
}

void Memo::set(std::uint64_t place, State state, std::uint32_t value) {
  std::size_t at = position(place);
  if (slots_[at].check != check_) {
    if (++used_ * 2 > slots_.size()) {
      grow();
      at = position(place);
    }
  }
  slots_[at] = {place, check_, state, value};
}

void Memo::grow() {
  const auto old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  for (const Slot& slot : old)
    if (slot.check == check_) slots_[position(slot.place)] = slot;
}

// Settles what was presumed since the mark.
void Memo::close_trail(std::uint32_t mark, State state) {
  for (std::size_t i = mark; i < trail_.size(); ++i) set(trail_[i], state);
  trail_.resize(mark);
  while (!groups_.empty() && groups_.back().start >= mark) groups_.pop_back();
}

void Memo::settle_yes(std::uint64_t place, std::uint32_t mark) {
  close_trail(mark, State::unknown);
  set(place, State::yes);
}

void Memo::settle_no(std::uint64_t place, std::uint32_t mark, std::uint32_t depth, std::uint32_t rests_on) {
  if (rests_on >= depth) {
    close_trail(mark, State::no);
    set(place, State::no);
    return;
  }
  // What rested on this place rests on what it rests on.
  while (!groups_.empty() && groups_.back().start >= mark) groups_.pop_back();
  groups_.push_back({mark, rests_on});
  set(place, State::presumed, static_cast<std::uint32_t>(trail_.size()));
  trail_.push_back(place);
}

}  // namespace allauth::policy
