// Deterministic data of several shapes for the policy row, each with questions whose answers follow from its
// construction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "policy/graph.h"

namespace allauth::bench {

// Ids by their kinds, which are those of the set.
struct PolicyQuestion {
  std::string object;
  std::string subject;
};

struct PolicySet {
  std::string name;
  std::string schema;
  std::string kind;          // of objects
  std::string permission;    // asked for
  std::string relation;      // stored, from an object to a subject
  std::string subject_kind;  // of subjects
  std::function<void(policy::Graph::Editor&)> fill;
  std::function<PolicyQuestion(std::uint64_t seed)> hit;   // the answer is yes
  std::function<PolicyQuestion(std::uint64_t seed)> deny;  // no
};

// About so many relationships each:
//   drive      documents in ten levels of folders, groups in groups, some public, some banned
//   github     repositories of organizations, teams in teams
//   messaging  domains with 50 roles each, and a membership that is a union of 65 actions
//   deep       arrows over 45 levels
//   wide       groups of ten thousand, in circles of groups
//   both       an intersection of two sets of half of all
std::vector<PolicySet> policy_sets(std::uint64_t relationships);

}  // namespace allauth::bench
