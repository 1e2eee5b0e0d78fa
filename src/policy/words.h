// How an explanation names objects, members and edges. Internal to the engine.
#pragma once

#include <string>

#include "policy/check.h"
#include "policy/notes.h"

namespace allauth::policy {

class Words {
 public:
  Words(const Graph& graph, const CheckQuery& query) : graph_(graph), query_(query) {}

  std::string name(NodeId node) const;    // "channel ch9"
  std::string subject() const;            // "role r1 # member"
  std::string everyone() const;           // "user *"
  std::string member(MemberId id) const;  // "can_publish", "(viewer + editor)"

  // The edge between two tasks, or from a task to `to`, along that label.
  Link link(const Search::Task& from, Label label, NodeId to, MemberId asked) const;

 private:
  MemberId rule_between(const Search::Task& from, Label label) const;

  const Graph& graph_;
  const CheckQuery& query_;
};

}  // namespace allauth::policy
