#include "policy/search.h"

#include <algorithm>

namespace allauth::policy {

// What a thread keeps between searches: the tasks and gates of the explorations under way, and a hash set
// of the places visited, whose slots count only if they are of the check at hand.
struct Search::Scratch {
  struct Slot {
    std::uint64_t place = 0;
    std::uint64_t round = 0;
  };
  std::vector<Task> tasks;
  std::vector<Pending> pending;
  std::vector<Slot> visited = std::vector<Slot>(256);
  std::uint64_t first_round = 1;  // of this check; every exploration is a round
  std::uint64_t round = 0;
  std::size_t used = 0;

  void start() {
    tasks.clear();
    pending.clear();
    first_round = round + 1;
    used = 0;
  }

  // False if this exploration was there already.
  bool visit(std::uint64_t place) {
    if ((used + 1) * 2 > visited.size()) grow();
    return insert(place, round);
  }
  bool insert(std::uint64_t place, std::uint64_t in_round) {
    const std::size_t mask = visited.size() - 1;
    std::size_t at = (place * 0x9E3779B97F4A7C15ull >> 24) & mask;
    for (; visited[at].round >= first_round; at = (at + 1) & mask) {
      if (visited[at].place == place && visited[at].round == in_round) return false;
    }
    visited[at] = {place, in_round};
    ++used;
    return true;
  }
  void grow() {
    const std::vector<Slot> old = std::move(visited);
    visited.assign(old.size() * 2, Slot{});
    used = 0;
    for (const Slot& slot : old)
      if (slot.round >= first_round) insert(slot.place, slot.round);
  }
};

Search::Scratch& Search::scratch() {
  thread_local Scratch kept;
  return kept;
}

std::span<const Search::Task> Search::tasks() const { return kept_.tasks; }
std::span<const Search::Pending> Search::pending() const { return kept_.pending; }

bool allows(const Member& relation, Form form) {
  return std::find(relation.forms.begin(), relation.forms.end(), form) != relation.forms.end();
}

Search::Search(const Graph& graph, const Question& question, Budget& budget)
    : graph_(graph),
      question_(question),
      budget_(budget),
      kept_(scratch()),
      subject_edges_(graph.resources(question.subject)),
      everyone_edges_(graph.resources(question.everyone)),
      denials_(graph.has_denials()) {
  kept_.start();
  // What every search looks at first, fetched at the same time.
  __builtin_prefetch(&subject_edges_);
  __builtin_prefetch(&graph.subjects(question.object));
}

Search::Mark Search::mark() const {
  return {static_cast<std::uint32_t>(kept_.tasks.size()), static_cast<std::uint32_t>(kept_.pending.size())};
}

void Search::forget(Mark mark) {
  kept_.tasks.resize(mark.tasks);
  kept_.pending.resize(mark.pending);
}

void Search::forget_all() { kept_.start(); }

Search::End Search::explore(Place start, const Memo* memo, Known yes) {
  hit_.reset();
  rests_on_ = Memo::kCertain;
  ++kept_.round;
  auto at = static_cast<std::uint32_t>(kept_.tasks.size());
  known_ = nullptr;
  push(start.node, start.member, start.mode, kRoot, Label());
  known_ = memo;
  known_yes_ = yes;
  start_ = start.member;
  look_back_at_ = start.mode == Mode::allow ? budget_.limits().look_back_at : kNever;
  guide_.reset();
  for (const std::uint32_t begin = at; at < kept_.tasks.size(); ++at) {
    look_back(at - begin);
    if (kept_.tasks[at].mode == Mode::allow ? expand(at) : expand_denial(at)) return End::found;
    if (budget_.spent()) return End::stopped;
  }
  return End::not_found;
}

// Gets a guide, if the search has become that wide. What that takes is in proportion, whether it succeeds
// or not.
void Search::look_back(std::size_t width) {
  constexpr std::size_t kProportion = 4;
  constexpr std::size_t kMostWork = 100'000;
  if (guide_ || width < look_back_at_) return;
  guide_ = Guide::make(graph_, question_, start_,
                       static_cast<std::uint32_t>(std::min(width * kProportion, kMostWork)));
  budget_.spend(width);
  look_back_at_ = width * kProportion;
}

bool Search::expand(std::uint32_t at) {
  const Task task = kept_.tasks[at];
  if (is_ruled_out(task.node, task.member)) return false;
  const CompiledSchema& schema = graph_.schema();
  const Plan& plan = schema.member(task.member).plan;
  if (question_.subject_relation != kItself && end_here(at, plan)) return true;
  const EdgeSet& edges = graph_.subjects(task.node);
  budget_.spend(plan.ways.size());
  for (const StepId id : plan.ways) {
    const Step& step = schema.step(id);
    if (step.kind == Step::Kind::direct) {
      if (probe(at, step)) return true;
    } else if (step.kind != Step::Kind::grants && step.kind != Step::Kind::arrow) {
      if (expand_other(at, id, step)) return true;
      continue;
    }
    for (const Hop& hop : step.hops) {
      if (follow<Mode::allow>(at, id, step, hop, edges)) return true;
    }
    if (budget_.spent()) return false;
  }
  return false;
}

// The rarer steps: those without edges of their own, and gates.
bool Search::expand_other(std::uint32_t at, StepId id, const Step& step) {
  const Task task = kept_.tasks[at];
  if (step.is_gate()) {
    set_aside(at, id);
    return false;
  }
  if (step.kind == Step::Kind::same)
    return reach<Mode::allow>(at, id, step, task.node, step.parts[0], Label());
  if (question_.subject_relation != kItself || !is_subject(task.node)) return false;
  hit_ = Hit{.task = at, .rule = task.member, .by = Hit::By::itself};
  return true;
}

// Is the subject the holders of just this?
bool Search::end_here(std::uint32_t at, const Plan& plan) {
  const Task& task = kept_.tasks[at];
  if (!is_subject(task.node) ||
      !std::binary_search(plan.names.begin(), plan.names.end(), question_.subject_relation))
    return false;
  hit_ = Hit{.task = at, .rule = task.member, .by = Hit::By::itself};
  return true;
}

// Does some role that the subject is in have a deny grant of this?
bool Search::expand_denial(std::uint32_t at) {
  const Task task = kept_.tasks[at];
  const CompiledSchema& schema = graph_.schema();
  const EdgeSet& edges = graph_.subjects(task.node);
  for (const StepId id : schema.member(task.member).plan.ways) {
    const Step& step = schema.step(id);
    budget_.spend(1);
    if (step.apart || step.kind == Step::Kind::direct) continue;
    const std::size_t parts = step.kind == Step::Kind::but_not ? 1 : step.parts.size();
    for (std::size_t i = 0; i < parts; ++i) {
      if (deniable(step.parts[i]) && push(task.node, step.parts[i], Mode::deny, at, Label())) return true;
    }
    for (const Hop& hop : step.hops) {
      if (follow<Mode::deny>(at, id, step, hop, edges)) return true;
    }
    if (budget_.spent()) return false;
  }
  return false;
}

// Is there an edge of this relation from the node to the subject?
bool Search::probe(std::uint32_t at, const Step& step) {
  const NodeId node = kept_.tasks[at].node;
  const Member& relation = graph_.schema().member(step.rule);
  if (question_.everyone != kNoNode && allows(relation, {question_.subject_kind, kItself, true}) &&
      everyone_edges_.contains(Label::relation(step.relation, kItself), node)) {
    hit_ = Hit{.task = at, .rule = step.rule, .by = Hit::By::everyone};
    return true;
  }
  if (!allows(relation, {question_.subject_kind, question_.subject_relation})) return false;
  const Label label = Label::relation(step.relation, question_.subject_relation);
  const std::size_t of_subject = subject_edges_.count_hint(label);
  if (of_subject == 0) return false;
  const bool found = of_subject == EdgeSet::kMany ? graph_.subjects(node).contains(label, question_.subject)
                                                  : subject_edges_.contains(label, node);
  if (found) hit_ = Hit{.task = at, .rule = step.rule};
  return found;
}

// A gate is for the solver, unless nobody of the subject's kind comes through.
void Search::set_aside(std::uint32_t at, StepId id) {
  const Step& step = graph_.schema().step(id);
  if (!step.parts.empty() && leads_nowhere(step.parts[0])) return;
  kept_.pending.push_back({at, id, kNoNode, 0, Label()});
}

template <Mode kMode>
bool Search::follow(std::uint32_t at, StepId id, const Step& step, const Hop& hop, const EdgeSet& edges) {
  if (edges.empty() || hop.targets.empty()) return false;
  constexpr bool denial = kMode == Mode::deny;
  if (!denial && !hop.mixed && leads_nowhere(hop.targets[0].member)) return false;
  if (step.kind == Step::Kind::grants) {
    const auto [first, last] = denial ? Label::denials() : Label::grants();
    const Plan& plan = graph_.schema().member(kept_.tasks[at].member).plan;
    return !edges.visit(first, last, [&](Label label, std::span<const NodeId> roles) {
      budget_.spend(1);
      return !graph_.holds_any(label.action_set(), plan.actions) ||
             !walk<kMode>(at, id, step, hop, label, roles);
    });
  }
  return !edges.visit(hop.label, [&](std::span<const NodeId> nodes) {
    return !walk<kMode>(at, id, step, hop, hop.label, nodes) && !budget_.spent();
  }) && hit_;
}

// From the task to each of the nodes. True: the subject was found.
template <Mode kMode>
bool Search::walk(std::uint32_t at, StepId id, const Step& step, const Hop& hop, Label label,
                  std::span<const NodeId> nodes) {
  const bool along_denial = kMode == Mode::deny && step.kind != Step::Kind::grants;
  if (!hop.mixed && !along_denial && graph_.schema().member(hop.targets[0].member).direct_only)
    return intersect(at, step, hop.targets[0].member, label, nodes);
  if (kMode == Mode::allow) {
    look_back(nodes.size());
    if (guide_ && !hop.mixed) nodes = guide_->narrow(nodes, hop.targets[0].member);
  }
  budget_.spend(nodes.size());
  for (const NodeId node : nodes) {
    if (!hop.mixed) {
      if (reach<kMode>(at, id, step, node, hop.targets[0].member, label)) return true;
      continue;
    }
    const DefinitionId definition = graph_.definition(node);
    for (const Hop::Target& target : hop.targets) {
      if (target.definition == definition && reach<kMode>(at, id, step, node, target.member, label))
        return true;
    }
  }
  return false;
}

// A node at the far end of an edge. Denials go on along arrows; a userset that can be denied, and what is
// asked for apart, is a question of its own.
template <Mode kMode>
bool Search::reach(std::uint32_t at, StepId id, const Step& step, NodeId node, MemberId member, Label label) {
  if (kMode == Mode::deny && step.kind != Step::Kind::grants)
    return deniable(member) && push(node, member, Mode::deny, at, label);
  if (leads_nowhere(member)) return false;
  if ((step.kind == Step::Kind::direct || step.apart) && deniable(member)) {
    kept_.pending.push_back({at, id, node, member, label});
    return false;
  }
  return push(node, member, Mode::allow, at, label);
}

// Does one of the nodes hold the subject by a stored edge of `target`?
bool Search::intersect(std::uint32_t at, const Step& step, MemberId target, Label label,
                       std::span<const NodeId> nodes) {
  const Member& relation = graph_.schema().member(target);
  auto found = [&](NodeId via, Hit::By by) {
    const Plan& plan = graph_.schema().member(kept_.tasks[at].member).plan;
    const MemberId rule = label.is_grant() ? graph_.rule_of_grant(plan, label, step.rule) : step.rule;
    hit_ = Hit{.task = at, .rule = rule, .by = by, .via = via, .via_label = label, .via_member = target};
    return true;
  };
  if (question_.subject_relation == relation.name &&
      std::binary_search(nodes.begin(), nodes.end(), question_.subject))
    return found(question_.subject, Hit::By::itself);

  const auto meet = [&](const EdgeSet& edges, Label wanted, Hit::By by) {
    const std::size_t of_subject = edges.count_hint(wanted);
    budget_.spend(std::min(of_subject, nodes.size()));
    if (of_subject > nodes.size()) {
      for (const NodeId node : nodes) {
        if (edges.contains(wanted, node)) return found(node, by);
      }
      return false;
    }
    return !edges.visit(wanted, [&](std::span<const NodeId> own) {
      for (const NodeId node : own) {
        if (std::binary_search(nodes.begin(), nodes.end(), node)) return !found(node, by);
      }
      return true;
    });
  };
  if (meet(subject_edges_, Label::relation(relation.name, question_.subject_relation), Hit::By::edge))
    return true;
  return question_.everyone != kNoNode && allows(relation, {question_.subject_kind, kItself, true}) &&
         meet(everyone_edges_, Label::relation(relation.name, kItself), Hit::By::everyone);
}

// True: the place is known to hold the subject.
bool Search::push(NodeId node, MemberId member, Mode mode, std::uint32_t parent, Label label) {
  const Task task{node, member, mode, parent, label};
  if (known_ != nullptr && is_known(task)) return hit_.has_value();
  if (kept_.visit(Place{node, member, mode}.key())) kept_.tasks.push_back(task);
  return false;
}

bool Search::is_known(const Task& task) {
  const auto answer = known_->find(Place{task.node, task.member, task.mode}.key());
  if (!answer || (answer->yes && known_yes_ == Known::leads_on)) return false;
  if (answer->yes)
    hit_ = Hit{.task = task.parent,
               .rule = task.member,
               .by = Hit::By::known,
               .via = task.node,
               .via_label = task.label,
               .via_member = task.member,
               .via_mode = task.mode};
  else
    rests_on_ = std::min(rests_on_, answer->rests_on);
  return true;
}

Search::Hit Search::hit_of(const Pending& gate) const {
  const MemberId rule = graph_.schema().step(gate.step).rule;
  if (gate.via == kNoNode) return {.task = gate.task, .rule = rule, .by = Hit::By::gate, .step = gate.step};
  return {.task = gate.task,
          .rule = rule,
          .by = Hit::By::known,
          .via = gate.via,
          .via_label = gate.label,
          .via_member = gate.member,
          .via_mode = Mode::holds};
}

bool Search::unfold(const Pending& pending, std::vector<Literal>& literals) {
  if (pending.via != kNoNode) {
    literals.push_back({{pending.via, pending.member, Mode::holds}});
    return true;
  }
  const Step& step = graph_.schema().step(pending.step);
  const NodeId node = kept_.tasks[pending.task].node;
  if (step.kind == Step::Kind::every) return unfold_every(step, node, literals);
  for (std::size_t i = 0; i < step.parts.size(); ++i) {
    const bool negated = step.kind == Step::Kind::but_not && i != 0;
    const Mode mode = negated || step.apart ? Mode::holds : Mode::allow;
    literals.push_back({{node, step.parts[i], mode}, negated});
  }
  budget_.spend(step.parts.size());
  return true;
}

// All far ends, and at least one.
bool Search::unfold_every(const Step& step, NodeId node, std::vector<Literal>& literals) {
  const std::size_t before = literals.size();
  bool possible = true;
  const auto take = [&](const Hop& hop, NodeId far) {
    const DefinitionId definition = graph_.definition(far);
    const auto target = std::find_if(hop.targets.begin(), hop.targets.end(),
                                     [&](const Hop::Target& t) { return t.definition == definition; });
    possible = target != hop.targets.end() && !leads_nowhere(target->member);
    if (possible) literals.push_back({{far, target->member, step.apart ? Mode::holds : Mode::allow}});
    return possible;
  };
  for (const Hop& hop : step.hops) {
    graph_.subjects(node).visit(hop.label, [&](std::span<const NodeId> nodes) {
      budget_.spend(nodes.size());
      return std::all_of(nodes.begin(), nodes.end(), [&](NodeId far) { return take(hop, far); }) &&
             !budget_.spent();
    });
    if (!possible || budget_.spent()) return false;
  }
  return literals.size() != before;
}

}  // namespace allauth::policy
