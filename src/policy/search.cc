#include "policy/search.h"

#include <algorithm>

namespace allauth::policy {

// What a thread keeps between searches: the tasks of the last one, and a hash set of those visited,
// whose slots count only if they carry the number of the search at hand.
struct Search::Scratch {
  struct Slot {
    std::uint64_t place = 0;
    std::uint64_t search = 0;
  };
  std::vector<Task> tasks;
  std::vector<Slot> visited = std::vector<Slot>(256);
  std::uint64_t search = 0;

  void start() {
    tasks.clear();
    ++search;
  }

  // False if the place was there already.
  bool visit(NodeId node, MemberId member) {
    if ((tasks.size() + 1) * 2 > visited.size()) grow();
    return insert(std::uint64_t{node} << 16 | member);
  }
  bool insert(std::uint64_t place) {
    const std::size_t mask = visited.size() - 1;
    std::size_t at = (place * 0x9E3779B97F4A7C15ull >> 24) & mask;
    for (; visited[at].search == search; at = (at + 1) & mask) {
      if (visited[at].place == place) return false;
    }
    visited[at] = {place, search};
    return true;
  }
  void grow() {
    visited.assign(visited.size() * 2, Slot{});
    for (const Task& task : tasks) insert(std::uint64_t{task.node} << 16 | task.member);
  }
};

Search::Scratch& Search::scratch() {
  thread_local Scratch kept;
  return kept;
}

std::span<const Search::Task> Search::tasks() const { return scratch().tasks; }

bool allows(const Member& relation, Form form) {
  return std::find(relation.forms.begin(), relation.forms.end(), form) != relation.forms.end();
}

Search::End Search::run(const Question& question) {
  question_ = question;
  subject_edges_ = &graph_.resources(question.subject);
  hit_.reset();
  work_ = 0;
  Scratch& kept = scratch();
  kept.start();
  push(question.object, question.member, kRoot, Label());
  for (std::uint32_t at = 0; at < kept.tasks.size(); ++at) {
    if (expand(at)) return End::found;
    if (work_ > max_work_) return End::exceeded;
  }
  return End::not_found;
}

bool Search::expand(std::uint32_t at) {
  const Task task = scratch().tasks[at];
  const CompiledSchema& schema = graph_.schema();
  const Plan& plan = schema.member(task.member).plan;
  const bool at_subject = at == 0 ? question_.same_object : task.node == question_.subject;
  if (at_subject && question_.subject_relation != kItself &&
      std::binary_search(plan.names.begin(), plan.names.end(), question_.subject_relation)) {
    hit_ = Hit{.task = at, .rule = task.member, .is_subject = true};
    return true;
  }
  const EdgeSet& edges = graph_.subjects(task.node);
  work_ += plan.steps.size();
  for (const StepId id : plan.steps) {
    const Step& step = schema.step(id);
    if (step.kind == Step::Kind::direct && probe(task.node, step)) {
      hit_ = Hit{.task = at, .rule = step.rule};
      return true;
    }
    for (const Hop& hop : step.hops) {
      if (follow(at, step, hop, edges)) return true;
    }
    if (work_ > max_work_) return false;
  }
  return false;
}

// Is there an edge of this relation from the node to the subject?
bool Search::probe(NodeId node, const Step& step) const {
  const Member& relation = graph_.schema().member(step.rule);
  if (!allows(relation, {question_.subject_kind, question_.subject_relation})) return false;
  const Label label = Label::relation(step.relation, question_.subject_relation);
  const std::size_t of_subject = subject_edges_->count_hint(label);
  if (of_subject == 0) return false;
  if (of_subject == EdgeSet::kMany) return graph_.subjects(node).contains(label, question_.subject);
  return subject_edges_->contains(label, node);
}

bool Search::follow(std::uint32_t at, const Step& step, const Hop& hop, const EdgeSet& edges) {
  if (edges.empty() || (!hop.mixed && leads_nowhere(hop.targets[0].member))) return false;
  if (step.kind == Step::Kind::grants) {
    return !edges.visit(
        Label::first_grant(), Label::last_grant(), [&](Label label, std::span<const NodeId> roles) {
          ++work_;
          return !graph_.holds(label.action_set(), step.relation) || !walk(at, step.rule, hop, label, roles);
        });
  }
  return !edges.visit(hop.label, [&](std::span<const NodeId> nodes) {
    return !walk(at, step.rule, hop, hop.label, nodes) && work_ <= max_work_;
  }) && hit_;
}

// From the task to each of the nodes. True: the subject was found.
bool Search::walk(std::uint32_t at, MemberId rule, const Hop& hop, Label label,
                  std::span<const NodeId> nodes) {
  const Hop::Target first = hop.targets[0];
  if (!hop.mixed && graph_.schema().member(first.member).direct_only)
    return intersect(at, rule, first.member, label, nodes);
  work_ += nodes.size();
  for (const NodeId node : nodes) {
    if (!hop.mixed) {
      push(node, first.member, at, label);
      continue;
    }
    const DefinitionId definition = graph_.definition(node);
    for (const Hop::Target& target : hop.targets) {
      if (target.definition == definition && !leads_nowhere(target.member))
        push(node, target.member, at, label);
    }
  }
  return false;
}

// Does one of the nodes hold the subject by a stored edge of `target`?
bool Search::intersect(std::uint32_t at, MemberId rule, MemberId target, Label label,
                       std::span<const NodeId> nodes) {
  const NameId relation = graph_.schema().member(target).name;
  auto found = [&](NodeId via, bool is_subject) {
    hit_ = Hit{.task = at,
               .rule = rule,
               .via = via,
               .via_label = label,
               .via_member = target,
               .is_subject = is_subject};
    return true;
  };
  if (question_.subject_relation == relation &&
      std::binary_search(nodes.begin(), nodes.end(), question_.subject))
    return found(question_.subject, true);

  const Label wanted = Label::relation(relation, question_.subject_relation);
  const std::size_t of_subject = subject_edges_->count_hint(wanted);
  work_ += std::min(of_subject, nodes.size());
  if (of_subject > nodes.size()) {
    for (const NodeId node : nodes) {
      if (subject_edges_->contains(wanted, node)) return found(node, false);
    }
    return false;
  }
  return !subject_edges_->visit(wanted, [&](std::span<const NodeId> own) {
    for (const NodeId node : own) {
      if (std::binary_search(nodes.begin(), nodes.end(), node)) return !found(node, false);
    }
    return true;
  });
}

void Search::push(NodeId node, MemberId member, std::uint32_t parent, Label label) {
  Scratch& kept = scratch();
  if (kept.visit(node, member)) kept.tasks.push_back({node, member, parent, label});
}

}  // namespace allauth::policy
