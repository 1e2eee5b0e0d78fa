// What a solver writes down for an explanation: how each place that it solved came out. Internal to the
// engine.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "policy/search.h"

namespace allauth::policy {

// Tasks are numbered from 0 in each note.
struct Note {
  // A gate that did not hold, and the condition that failed; none: it has nothing to be true of.
  struct Failed {
    Search::Pending gate;
    std::optional<Literal> literal;
  };
  Place place;
  std::vector<Search::Task> tasks = {};
  std::optional<Search::Hit> hit = {};  // the place holds
  std::vector<Literal> literals = {};   // if a gate held: all that it asked for
  std::vector<Failed> failed = {};

  // Takes over tasks that are numbered from `first`; so is the hit.
  void take(std::span<const Search::Task> from, std::uint32_t first) {
    tasks.assign(from.begin(), from.end());
    for (Search::Task& task : tasks)
      if (task.parent != Search::kRoot) task.parent -= first;
    if (hit) hit->task -= first;
  }
};

// By Place::key(). What holds, holds by what was noted before it.
using Notes = std::unordered_map<std::uint64_t, Note>;

}  // namespace allauth::policy
