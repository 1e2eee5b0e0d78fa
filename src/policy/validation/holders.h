// Who holds a place, and by which relationships: what the `validation` part of a validation file lists.
//
// Subjects are those that relationships on the way name: objects, usersets (group:staff#member) and everybody
// (user:*). Whether one holds the place the engine says; the tree of the permission (expand.h) says through
// which relations.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "policy/check.h"

namespace allauth::policy {

// All as text, as a validation file has it.
struct Holder {
  std::string subject;                     // user:ann, group:staff#member, user:*
  std::set<std::string> exceptions = {};   // of everybody
  std::set<std::string> through = {};      // doc:plan#viewer: the subject itself stands there
  std::set<std::string> through_all = {};  // everybody stands there, which the subject is part of
};

// Sorted by subject. Errors: those of expand(), check() and lookup_subjects(); policy.work.exceeded.
Result<std::vector<Holder>> find_holders(const Engine& engine, const Graph& graph, const SubjectRef& place);

// [user:* - {user:bob}] is <doc:plan#viewer>/<doc:plan#editor>
std::string to_expected_text(const Holder& holder);

// doc:plan#view, user:ann
std::string to_text(const SubjectRef& subject);

}  // namespace allauth::policy
