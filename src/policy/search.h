// The search for a way from a place to the subject: breadth first along the plans of the schema, over
// everything that the place is a union of. What is not a union (gates) is put aside; the Solver asks.
// Internal to the engine.
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

#include "policy/budget.h"
#include "policy/guide.h"
#include "policy/memo.h"
#include "policy/place.h"

namespace allauth::policy {

class Search {
 public:
  static constexpr std::uint32_t kRoot = ~std::uint32_t{0};

  // A place that was reached: does the node's member hold the subject?
  struct Task {
    NodeId node;
    MemberId member;
    Mode mode;
    std::uint32_t parent;  // the task it was reached from; kRoot: the start
    Label label;           // the edge from there to here; Label(): both are of the same node
  };

  // A gate of a task's plan, or a userset whose holders somebody can be denied to be.
  struct Pending {
    std::uint32_t task;
    StepId step;
    NodeId via;  // the userset's node and member; kNoNode: the step itself is a gate
    MemberId member;
    Label label;
  };

  // The end of the way: an edge from the last task to the subject, or to a node `via` that has an edge
  // to the subject, or the last task is the subject.
  struct Hit {
    enum class By : std::uint8_t {
      edge,      // to the subject
      everyone,  // to `kind:*`
      itself,    // the task (or `via`) is what was asked about
      known,     // the place at `via` was solved before
      gate,      // the condition of a Pending came true
    };
    std::uint32_t task;
    MemberId rule;  // the relation that held the subject (or its grant, its role …)
    By by = By::edge;
    NodeId via = kNoNode;
    Label via_label = {};     // from the task to `via`
    MemberId via_member = 0;  // the relation on `via`
    Mode via_mode = Mode::allow;
    StepId step = 0;  // the gate
  };

  enum class End { found, not_found, stopped };

  // All must outlive the search; one at a time on each thread.
  Search(const Graph& graph, const Question& question, Budget& budget);

  // Everything that the place is a union of, behind what earlier calls left in tasks() and pending().
  // Places that the memo knows are not searched again. `leads_on`: unless they hold, so that what is found is
  // the way to the subject itself.
  enum class Known { ends_there, leads_on };
  End explore(Place start, const Memo* memo, Known yes = Known::ends_there);

  // What must be true for the gate to hold, added to `literals`. False: it cannot, or the budget is spent.
  bool unfold(const Pending& pending, std::vector<Literal>& literals);

  // The way to it ends at this gate, which holds.
  Hit hit_of(const Pending& gate) const;

  // After explore(), valid until the thread's next search: the places reached, nearest first.
  std::span<const Task> tasks() const;
  std::span<const Pending> pending() const;
  const std::optional<Hit>& hit() const { return hit_; }
  // What a "no" rests on, see Memo.
  std::uint32_t rests_on() const { return rests_on_; }

  // Forgets what was added since.
  struct Mark {
    std::uint32_t tasks, pending;
  };
  Mark mark() const;
  void forget(Mark mark);
  void forget_all();

  // Does anybody need to ask whether the subject is denied the member?
  bool deniable(MemberId member) const { return denials_ && graph_.schema().member(member).deniable; }

 private:
  struct Scratch;
  static Scratch& scratch();

  bool expand(std::uint32_t at);
  bool expand_other(std::uint32_t at, StepId id, const Step& step);
  bool expand_denial(std::uint32_t at);
  bool end_here(std::uint32_t at, const Plan& plan);
  bool probe(std::uint32_t at, const Step& step);
  void set_aside(std::uint32_t at, StepId step);
  template <Mode kMode>  // of the task
  bool follow(std::uint32_t at, StepId id, const Step& step, const Hop& hop, const EdgeSet& edges);
  template <Mode kMode>
  bool walk(std::uint32_t at, StepId id, const Step& step, const Hop& hop, Label label,
            std::span<const NodeId> nodes);
  bool intersect(std::uint32_t at, const Step& step, MemberId target, Label label,
                 std::span<const NodeId> nodes);
  template <Mode kMode>
  bool reach(std::uint32_t at, StepId id, const Step& step, NodeId node, MemberId member, Label label);
  bool push(NodeId node, MemberId member, Mode mode, std::uint32_t parent, Label label);
  bool unfold_every(const Step& step, NodeId node, std::vector<Literal>& literals);
  void look_back(std::size_t width);
  bool is_ruled_out(NodeId node, MemberId member) const { return guide_ && !guide_->may_hold(node, member); }
  bool is_known(const Task& task);
  bool is_subject(NodeId node) const {
    return node == question_.subject && (node != kNoNode || question_.same_object);
  }
  bool leads_nowhere(MemberId member) const {
    return question_.subject_relation == kItself && !graph_.schema().reaches(member, question_.subject_kind);
  }

  const Graph& graph_;
  const Question& question_;
  Budget& budget_;
  Scratch& kept_;
  const EdgeSet& subject_edges_;   // from the subject to its resources
  const EdgeSet& everyone_edges_;  // from `kind:*` to its
  const bool denials_;
  const Memo* known_ = nullptr;
  Known known_yes_ = Known::ends_there;
  std::uint32_t rests_on_ = Memo::kCertain;
  std::optional<Hit> hit_;
  MemberId start_ = 0;  // of the exploration at hand
  static constexpr std::size_t kNever = ~std::size_t{0};
  std::size_t look_back_at_ = kNever;  // how wide it may become before it gets a guide
  std::optional<Guide> guide_;
};

// Does the relation allow this kind of subject directly?
bool allows(const Member& relation, Form form);

}  // namespace allauth::policy
