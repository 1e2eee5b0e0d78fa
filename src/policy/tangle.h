// Solves a place whose answer rests on places that rest, through an exclusion, on that place again. The slow
// and exact way: all places that it rests on, then their well-founded model by an alternating fixpoint
// (Van Gelder, "The alternating fixpoint of logic programs with negation"). Internal to the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "policy/notes.h"

namespace allauth::policy {

class Tangle {
 public:
  Tangle(Search& search, Budget& budget, Notes* notes) : search_(search), budget_(budget), notes_(notes) {}

  // False: the budget is spent.
  bool solve(Place start);

  // Then: how the start holds, if it does; Search::tasks() lead there.
  const std::optional<Search::Hit>& hit() const { return hit_; }
  bool is_undefined() const { return !hit_ && possible_[0]; }

 private:
  struct Fact {
    Place place;
    bool found = false;  // by the search alone
    std::uint32_t first_gate = 0;
    std::uint32_t gates_end = 0;
  };
  struct Gate {
    std::uint32_t fact;     // that it makes true
    std::uint32_t ordinal;  // among the gates that the search reached
    std::uint32_t first_condition = 0;
    std::uint32_t conditions_end = 0;
  };
  struct Condition {
    std::uint32_t fact;
    bool negated;
  };

  std::uint32_t number(Place place);
  void collect(std::uint32_t fact);
  void add_gate(std::uint32_t fact, std::uint32_t ordinal, std::span<const Literal> literals);
  void index_uses();
  std::vector<bool> consequences(const std::vector<bool>& assumed);
  std::optional<Search::Hit> trace(std::uint32_t fact);
  std::vector<Literal> literals_of(const Gate& gate) const;
  std::optional<Literal> failure_of(const Gate& gate, const std::vector<bool>& truth) const;
  bool take_notes(const std::vector<bool>& truth);

  Search& search_;
  Budget& budget_;
  Notes* const notes_;
  std::optional<Search::Hit> hit_;
  std::vector<Fact> facts_;
  std::vector<Gate> gates_;
  std::vector<Condition> conditions_;
  std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
  std::vector<std::vector<std::uint32_t>> uses_;  // by fact: gates that need it
  std::vector<std::uint32_t> opened_;             // by fact: the gate that made it true last time
  std::vector<bool> possible_;                    // what is not certainly false
  std::vector<std::uint32_t> order_;              // facts, as they became true last time
};

}  // namespace allauth::policy
