// The search behind check and explain: breadth first from the object towards the subject, along the
// plans of the schema. Internal to the engine.
//
// What makes it quick: the subject's own edges are probed (they stay in the cache for the whole search)
// unless those of the object are fewer; a set of roles or groups whose members are stored edges is
// intersected with the subject's own, from the smaller side; branches that no subject of that kind can
// come through are left out. A thread's scratch space is kept, so a search does not allocate.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "policy/graph.h"

namespace allauth::policy {

// A check with all names looked up. kNoNode: an id that no edge knows.
struct Question {
  NodeId object;
  NodeId subject;
  MemberId member;
  DefinitionId subject_kind;
  NameId subject_relation;
  bool same_object;  // the subject is the object, or holders of something on it
  bool restricted;
};

class Search {
 public:
  // A place that was reached: does the node's member hold the subject?
  struct Task {
    NodeId node;
    MemberId member;
    std::uint32_t parent;  // the task it was reached from; kRoot: the question itself
    Label label;           // the edge from there to here
  };
  static constexpr std::uint32_t kRoot = ~std::uint32_t{0};

  // The end of the way: an edge from the last task to the subject, or to a node `via` that has an edge
  // to the subject, or the last task is the subject.
  struct Hit {
    std::uint32_t task;
    MemberId rule;  // the relation that held the subject (or its grant, its role …)
    NodeId via = kNoNode;
    Label via_label = {};     // from the task to `via`
    MemberId via_member = 0;  // the relation on `via`
    bool is_subject = false;  // the task (or `via`) is what was asked about
  };

  enum class End { found, not_found, exceeded };

  Search(const Graph& graph, std::uint32_t max_work) : graph_(graph), max_work_(max_work) {}

  End run(const Question& question);

  // After run(): the places reached, nearest first, valid until the thread's next search.
  std::span<const Task> tasks() const;
  const std::optional<Hit>& hit() const { return hit_; }

 private:
  struct Scratch;
  static Scratch& scratch();

  bool expand(std::uint32_t at);
  bool probe(NodeId node, const Step& step) const;
  bool follow(std::uint32_t at, const Step& step, const Hop& hop, const EdgeSet& edges);
  bool walk(std::uint32_t at, MemberId rule, const Hop& hop, Label label, std::span<const NodeId> nodes);
  bool intersect(std::uint32_t at, MemberId rule, MemberId target, Label label,
                 std::span<const NodeId> nodes);
  void push(NodeId node, MemberId member, std::uint32_t parent, Label label);
  bool leads_nowhere(MemberId member) const {
    return question_.subject_relation == kItself && !graph_.schema().reaches(member, question_.subject_kind);
  }

  const Graph& graph_;
  std::uint64_t max_work_;
  std::uint64_t work_ = 0;
  Question question_{};
  const EdgeSet* subject_edges_ = nullptr;  // from the subject to its resources
  std::optional<Hit> hit_;
};

// Does the relation allow this kind of subject directly?
bool allows(const Member& relation, Form form);

}  // namespace allauth::policy
