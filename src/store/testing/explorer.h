// For tests: looks at every state that a small model can come into, the nearest first, so that what is
// found wrong is told with the shortest way to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

namespace allauth::store::testing {

struct Explored {
  std::size_t states = 0, steps = 0, depth = 0;
  bool complete = false;           // there are no more states than that
  std::string violation;           // empty: nothing was found wrong
  std::vector<std::string> trace;  // the steps that lead to it
};

// A Model has
//   State, Step                            values
//   State initial()
//   std::vector<Step> enabled(State)       what may happen next
//   std::string take(State&, Step)         lets it happen; what is wrong about it, if anything
//   std::string check(State)               what is wrong about a state, if anything
//   std::string key(State)                 equal for states that cannot be told apart
//   std::string text(Step)
template <class Model>
class Explorer {
 public:
  Explorer(Model& model, std::size_t most_states) : model_(model), most_(most_states) {}

  Explored run() {
    discover(model_.initial(), {}, 0);
    for (std::size_t next = 0; next < found_.size() && result_.violation.empty(); ++next) {
      if (found_.size() > most_) return result_;
      expand(next);
      found_[next].state = {};  // its way is still needed, it is not
    }
    result_.complete = result_.violation.empty();
    return result_;
  }

 private:
  struct Found {
    typename Model::State state;
    typename Model::Step by;
    std::uint32_t from;
    std::uint32_t depth;
  };

  void expand(std::size_t from) {
    const typename Model::State state = found_[from].state;
    for (const auto& step : model_.enabled(state)) {
      auto after = state;
      ++result_.steps;
      if (auto wrong = model_.take(after, step); !wrong.empty()) return accuse(std::move(wrong), from, step);
      if (!discover(after, step, from)) return;
    }
  }

  // False: there is something wrong with it.
  bool discover(const typename Model::State& state, const typename Model::Step& by, std::size_t from) {
    if (!known_.insert(model_.key(state)).second) return true;
    ++result_.states;
    const std::uint32_t depth = found_.empty() ? 0 : found_[from].depth + 1;
    result_.depth = depth;
    found_.push_back({state, by, static_cast<std::uint32_t>(from), depth});
    auto wrong = model_.check(state);
    if (wrong.empty()) return true;
    accuse(std::move(wrong), from, by);
    return false;
  }

  void accuse(std::string wrong, std::size_t from, const typename Model::Step& last) {
    result_.violation = std::move(wrong);
    result_.trace = {model_.text(last)};
    for (; from != 0; from = found_[from].from)
      result_.trace.insert(result_.trace.begin(), model_.text(found_[from].by));
  }

  Model& model_;
  const std::size_t most_;
  std::deque<Found> found_;
  std::unordered_set<std::string> known_;
  Explored result_;
};

}  // namespace allauth::store::testing
