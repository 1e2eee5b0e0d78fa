#include "policy/tangle.h"

#include <utility>

namespace allauth::policy {
namespace {

constexpr std::uint32_t kNoGate = ~std::uint32_t{0};

}  // namespace

bool Tangle::solve(Place start) {
  number(start);
  for (std::uint32_t fact = 0; fact < facts_.size(); ++fact) {
    collect(fact);
    if (budget_.spent()) return false;
  }
  index_uses();
  // What certainly holds grows, what possibly holds shrinks, until neither changes.
  std::vector<bool> certain(facts_.size());
  for (;;) {
    possible_ = consequences(certain);
    std::vector<bool> next = consequences(possible_);
    if (budget_.spent()) return false;
    if (next == certain) break;
    certain = std::move(next);
  }
  if (notes_ != nullptr && !take_notes(certain)) return false;
  if (certain[0]) hit_ = trace(0);
  return hit_.has_value() == certain[0];
}

std::uint32_t Tangle::number(Place place) {
  if (place.mode == Mode::holds && !search_.deniable(place.member)) place.mode = Mode::allow;
  const auto [known, fresh] = numbers_.try_emplace(place.key(), static_cast<std::uint32_t>(facts_.size()));
  if (fresh) facts_.push_back({.place = place});
  return known->second;
}

// Finds out what the fact rests on.
void Tangle::collect(std::uint32_t fact) {
  const Place place = facts_[fact].place;
  const auto first = static_cast<std::uint32_t>(gates_.size());
  if (place.mode == Mode::holds) {
    const Literal literals[] = {{{place.node, place.member, Mode::allow}},
                                {{place.node, place.member, Mode::deny}, true}};
    add_gate(fact, 0, literals);
  } else {
    const Search::Mark begin = search_.mark();
    facts_[fact].found = search_.explore(place, nullptr) == Search::End::found;
    std::vector<Literal> literals;
    for (std::uint32_t i = begin.pending; i < search_.mark().pending && !facts_[fact].found; ++i) {
      literals.clear();
      if (search_.unfold(search_.pending()[i], literals)) add_gate(fact, i - begin.pending, literals);
    }
    search_.forget(begin);
  }
  facts_[fact].first_gate = first;
  facts_[fact].gates_end = static_cast<std::uint32_t>(gates_.size());
}

void Tangle::add_gate(std::uint32_t fact, std::uint32_t ordinal, std::span<const Literal> literals) {
  Gate gate{.fact = fact, .ordinal = ordinal};
  gate.first_condition = static_cast<std::uint32_t>(conditions_.size());
  for (const Literal& literal : literals) conditions_.push_back({number(literal.place), literal.negated});
  gate.conditions_end = static_cast<std::uint32_t>(conditions_.size());
  gates_.push_back(gate);
}

void Tangle::index_uses() {
  uses_.resize(facts_.size());
  for (std::uint32_t gate = 0; gate < gates_.size(); ++gate) {
    for (std::uint32_t i = gates_[gate].first_condition; i < gates_[gate].conditions_end; ++i)
      if (!conditions_[i].negated) uses_[conditions_[i].fact].push_back(gate);
  }
}

// What follows if of the negated facts just the assumed ones hold.
std::vector<bool> Tangle::consequences(const std::vector<bool>& assumed) {
  budget_.spend(facts_.size() + conditions_.size());
  std::vector<bool> truth(facts_.size());
  std::vector<std::uint32_t> open(gates_.size());  // conditions that are not met yet
  opened_.assign(facts_.size(), kNoGate);
  order_.clear();
  const auto become_true = [&](std::uint32_t fact, std::uint32_t gate) {
    if (truth[fact]) return;
    truth[fact] = true;
    opened_[fact] = gate;
    order_.push_back(fact);
  };
  for (std::uint32_t fact = 0; fact < facts_.size(); ++fact)
    if (facts_[fact].found) become_true(fact, kNoGate);
  for (std::uint32_t gate = 0; gate < gates_.size(); ++gate) {
    for (std::uint32_t i = gates_[gate].first_condition; i < gates_[gate].conditions_end; ++i)
      if (!conditions_[i].negated || assumed[conditions_[i].fact]) ++open[gate];
    if (open[gate] == 0) become_true(gates_[gate].fact, gate);
  }
  for (std::size_t i = 0; i < order_.size(); ++i) {
    for (const std::uint32_t gate : uses_[order_[i]])
      if (--open[gate] == 0) become_true(gates_[gate].fact, gate);
  }
  return truth;
}

// Searches again for how the fact came true. nullopt: the budget is spent.
std::optional<Search::Hit> Tangle::trace(std::uint32_t fact) {
  if (facts_[fact].place.mode == Mode::holds)
    return Search::Hit{.task = Search::kRoot, .rule = facts_[fact].place.member, .by = Search::Hit::By::gate};
  const Search::Mark begin = search_.mark();
  const Search::End end = search_.explore(facts_[fact].place, nullptr);
  if (end == Search::End::stopped) return std::nullopt;
  if (end == Search::End::found) return search_.hit();
  return search_.hit_of(search_.pending()[begin.pending + gates_[opened_[fact]].ordinal]);
}

std::vector<Literal> Tangle::literals_of(const Gate& gate) const {
  std::vector<Literal> literals;
  for (std::uint32_t i = gate.first_condition; i < gate.conditions_end; ++i)
    literals.push_back({facts_[conditions_[i].fact].place, conditions_[i].negated});
  return literals;
}

// The first condition that is not certainly met.
std::optional<Literal> Tangle::failure_of(const Gate& gate, const std::vector<bool>& truth) const {
  for (std::uint32_t i = gate.first_condition; i < gate.conditions_end; ++i) {
    const Condition condition = conditions_[i];
    if (condition.negated ? possible_[condition.fact] : !truth[condition.fact])
      return Literal{facts_[condition.fact].place, condition.negated};
  }
  return std::nullopt;
}

// Of every fact, so that each that holds, holds by those before it.
bool Tangle::take_notes(const std::vector<bool>& truth) {
  for (std::uint32_t fact = 0; fact < facts_.size(); ++fact) {
    Note note{.place = facts_[fact].place};
    const Search::Mark begin = search_.mark();
    if (truth[fact]) note.hit = trace(fact);
    if (truth[fact] && opened_[fact] != kNoGate) note.literals = literals_of(gates_[opened_[fact]]);
    if (!truth[fact] && note.place.mode != Mode::holds) search_.explore(note.place, nullptr);
    if (budget_.spent()) return false;
    for (std::uint32_t i = facts_[fact].first_gate; i < facts_[fact].gates_end && !truth[fact]; ++i) {
      Note::Failed failed{.gate = {}, .literal = failure_of(gates_[i], truth)};
      if (note.place.mode != Mode::holds) {
        failed.gate = search_.pending()[begin.pending + gates_[i].ordinal];
        failed.gate.task -= begin.tasks;
      }
      note.failed.push_back(failed);
    }
    note.take(search_.tasks().subspan(begin.tasks), begin.tasks);
    search_.forget(begin);
    (*notes_)[note.place.key()] = std::move(note);
  }
  return true;
}

}  // namespace allauth::policy
