// Places to visit on the way to whoever may be an answer. Internal to the look-ups.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/place.h"
#include "policy/place_set.h"

namespace allauth::policy {

// What a way to a candidate says about it.
enum class Way : std::uint8_t {
  aside,    // through what is excluded or denied: it may make a difference
  maybe,    // through a gate, or past what could be denied: to be checked
  certain,  // through unions only: it is an answer
};

// Places to visit, each once, by the surest way there is. What is pushed while a place is visited must not
// be surer than the way to that place.
class Frontier {
 public:
  struct Stop {
    NodeId node;
    MemberId member;
    Way way;
  };

  void push(Stop stop) { waiting_[static_cast<std::size_t>(stop.way)].push_back(stop); }
  // nullopt: all were visited.
  std::optional<Stop> pop();

 private:
  std::array<std::vector<Stop>, 3> waiting_;
  PlaceSet visited_;
};

}  // namespace allauth::policy
