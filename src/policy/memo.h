// What one check knows about places already. Internal to the engine.
//
// A "no" may rest on the presumption that a place still being solved, further out, does not hold (a
// cycle). Such answers are presumed until that place is settled: as "no" they become certain, as "yes" they
// are forgotten. Places being solved are numbered by their depth.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace allauth::policy {

class Memo {
 public:
  static constexpr std::uint32_t kCertain = ~std::uint32_t{0};

  struct Answer {
    bool yes;
    std::uint32_t rests_on;  // the depth of the outermost place presumed not to hold, or kCertain
  };

  void start();
  // nullopt: not known.
  std::optional<Answer> find(std::uint64_t place) const;

  // To be taken before a place is solved, for settling it.
  std::uint32_t mark() const { return static_cast<std::uint32_t>(trail_.size()); }
  // The place is being solved from now on.
  void enter(std::uint64_t place, std::uint32_t depth) { set(place, State::entered, depth); }
  void settle_yes(std::uint64_t place, std::uint32_t mark);
  void settle_no(std::uint64_t place, std::uint32_t mark, std::uint32_t depth, std::uint32_t rests_on);

 private:
  enum class State : std::uint32_t { unknown, entered, presumed, no, yes };
  struct Slot {
    std::uint64_t place = 0;
    std::uint64_t check = 0;
    State state = State::unknown;
    std::uint32_t value = 0;  // entered: the depth; presumed: where in the trail
  };
  // Presumed answers from `start` on, up to the next group, rest on the same place.
  struct Group {
    std::uint32_t start;
    std::uint32_t rests_on;
  };

  std::size_t position(std::uint64_t place) const;
  void set(std::uint64_t place, State state, std::uint32_t value = 0);
  void grow();
  void close_trail(std::uint32_t mark, State state);

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::uint64_t check_ = 0;
  std::size_t used_ = 0;
  std::vector<std::uint64_t> trail_;  // the presumed places, in the order in which they were left
  std::vector<Group> groups_;
};

}  // namespace allauth::policy
