#include "policy/explainer.h"

#include <algorithm>
#include <unordered_set>

#include "policy/entrance.h"
#include "policy/words.h"

namespace allauth::policy {
namespace {

const Note* find_note(const Notes& notes, Place place) {
  auto found = notes.find(place.key());
  if (found == notes.end() && place.mode == Mode::holds) {
    place.mode = Mode::allow;  // where nothing can be denied
    found = notes.find(place.key());
  }
  return found != notes.end() ? &found->second : nullptr;
}

// Why it holds: the ways that were found, the conditions of a gate one level deeper.
class Proof {
 public:
  Proof(const Graph& graph, const Words& words, const Notes& notes, Explanation& to)
      : graph_(graph), words_(words), notes_(notes), to_(to) {}

  void write(Place place, std::size_t level) {
    const Note* note = find_note(notes_, place);
    if (note == nullptr || !note->hit || to_.path_cut) return;
    if (note->place.mode == Mode::holds) return write({place.node, place.member, Mode::allow}, level);
    const Search::Hit& hit = *note->hit;
    way(*note, hit.task, level);
    switch (hit.by) {
      case Search::Hit::By::edge:
      case Search::Hit::By::everyone:
      case Search::Hit::By::itself:
        return end(*note, level);
      case Search::Hit::By::known:
        if (hit.via_label != Label())
          add(words_.link(note->tasks[hit.task], hit.via_label, hit.via, hit.via_member), level);
        return write({hit.via, hit.via_member, hit.via_mode}, level);
      case Search::Hit::By::gate:
        return gate(*note, level);
    }
  }

 private:
  void add(Link link, std::size_t level) {
    if (to_.path.size() == Explanation::kMaxLinks) {
      to_.path_cut = true;
      return;
    }
    link.level = level;
    to_.path.push_back(std::move(link));
  }

  // From the start of the note to one of its tasks.
  void way(const Note& note, std::uint32_t last, std::size_t level) {
    std::vector<std::uint32_t> tasks;
    for (std::uint32_t at = last; note.tasks[at].parent != Search::kRoot; at = note.tasks[at].parent)
      if (note.tasks[at].label != Label()) tasks.push_back(at);
    for (auto at = tasks.rbegin(); at != tasks.rend(); ++at) {
      const Search::Task& task = note.tasks[*at];
      add(words_.link(note.tasks[task.parent], task.label, task.node, task.member), level);
    }
  }

  void end(const Note& note, std::size_t level) {
    const Search::Hit& hit = *note.hit;
    const Search::Task& last = note.tasks[hit.task];
    if (hit.via != kNoNode) add(words_.link(last, hit.via_label, hit.via, hit.via_member), level);
    if (hit.by == Search::Hit::By::itself) return;
    const bool at_via = hit.via != kNoNode;
    add({words_.name(at_via ? hit.via : last.node), words_.member(at_via ? hit.via_member : hit.rule),
         hit.by == Search::Hit::By::everyone ? words_.everyone() : words_.subject()},
        level);
  }

  void gate(const Note& note, std::size_t level) {
    const Search::Hit& hit = *note.hit;
    const Step& step = graph_.schema().step(hit.step);
    const auto kind = step.kind == Step::Kind::all_of    ? Link::Kind::all_of
                      : step.kind == Step::Kind::but_not ? Link::Kind::but_not
                                                         : Link::Kind::every;
    add({words_.name(note.tasks[hit.task].node), words_.member(step.rule), {}, kind}, level);
    for (const Literal& literal : note.literals) {
      if (literal.negated)
        add({words_.name(literal.place.node), words_.member(literal.place.member), {}, Link::Kind::absent},
            level + 1);
      else
        write(literal.place, level + 1);
    }
  }

  const Graph& graph_;
  const Words& words_;
  const Notes& notes_;
  Explanation& to_;
};

// Why it does not hold: what was not there, at every place that was reached.
class Frontier {
 public:
  Frontier(const Graph& graph, const Words& words, const CheckQuery& query, const Question& question,
           const Notes& notes, Explanation& to, Candidates& candidates)
      : graph_(graph),
        schema_(graph.schema()),
        words_(words),
        query_(query),
        question_(question),
        notes_(notes),
        to_(to),
        candidates_(candidates) {}

  void write(Place start) {
    todo_.push_back(start);
    for (std::size_t i = 0; i < todo_.size() && !to_.missing_cut; ++i) {
      const Note* note = find_note(notes_, todo_[i]);
      if (note != nullptr && seen_.insert(note->place.key()).second) places(*note);
    }
  }

  // What is closed, and what it would take to enter it all the same.
  void write_closed() {
    Budget budget{Limits{}};
    const NodeId closed = find_closed(graph_, question_.object, budget);
    if (closed == kNoNode) return;
    add({Missing::Kind::closed, words_.name(closed), state_of(closed)});
    const Member* entrance = schema_.entrance(graph_.definition(question_.object));
    if (entrance == nullptr) return;
    write({question_.object, schema_.id(*entrance), Mode::holds});
    // It is closed in another way; nobody needs to hear of that.
    std::erase_if(to_.missing, [&](const Missing& missing) {
      return missing.kind == Missing::Kind::link && missing.object == words_.name(closed);
    });
  }

  void add_denial(const Note& note) {
    const Search::Hit& hit = *note.hit;
    std::uint32_t at = hit.task;
    Link link = words_.link(note.tasks[at], hit.via_label, hit.via, hit.via_member);
    for (; note.tasks[at].mode != Mode::deny; at = note.tasks[at].parent) {
      const Search::Task& task = note.tasks[at];
      link = words_.link(note.tasks[task.parent], task.label, task.node, task.member);
    }
    add({Missing::Kind::denied, link.object, link.relation, {link.subject}});
  }

 private:
  void add(Missing missing) {
    if (to_.missing.size() == Explanation::kMaxMissing)
      to_.missing_cut = true;
    else
      to_.missing.push_back(std::move(missing));
  }

  // How it is closed: another relation that it has to itself.
  std::string state_of(NodeId closed) const {
    std::string_view state = schema_.name(schema_.closed());
    graph_.subjects(closed).visit(
        Label::relation(kItself, kItself), Label::relation(kMaxName, kMaxName),
        [&](Label label, std::span<const NodeId> subjects) {
          const bool of_itself = std::binary_search(subjects.begin(), subjects.end(), closed);
          if (of_itself && !label.is_grant() && label.relation_name() != schema_.closed())
            state = schema_.name(label.relation_name());
          return true;
        });
    return std::string(state);
  }

  void places(const Note& note) {
    auto failed = note.failed.begin();  // in the order of their tasks
    for (std::uint32_t at = 0; at < note.tasks.size() && !to_.missing_cut; ++at) {
      for (const StepId id : schema_.member(note.tasks[at].member).plan.steps) {
        auto missing = missing_at(note.tasks[at].node, schema_.step(id));
        if (!missing) continue;
        add(*std::move(missing));
        add_candidates(note.tasks[at].node, schema_.step(id));
      }
      for (; failed != note.failed.end() && failed->gate.task == at; ++failed) gate(note, *failed);
    }
    if (note.tasks.empty() && failed != note.failed.end()) gate(note, *failed);
  }

  // The condition that failed: what it lacks in turn, or what it should not have found.
  void gate(const Note& note, const Note::Failed& failed) {
    if (!failed.literal) {
      const Step& step = schema_.step(failed.gate.step);
      return add(
          {Missing::Kind::link, words_.name(note.tasks[failed.gate.task].node), words_.member(step.rule)});
    }
    const Place place = failed.literal->place;
    if (!failed.literal->negated) {
      todo_.push_back(place);
      return;
    }
    const Note* against = find_note(notes_, place);
    if (place.mode == Mode::deny && against != nullptr && against->hit) return add_denial(*against);
    const bool holds = against != nullptr && against->hit;
    add({holds ? Missing::Kind::excluded : Missing::Kind::undefined, words_.name(place.node),
         words_.member(place.member)});
  }

  // The subject in the relation itself, or in a role that has the grant.
  void add_candidates(NodeId node, const Step& step) {
    const auto add_edge = [&](NodeId resource, MemberId member) {
      const Member& relation = schema_.member(member);
      if (candidates_.size() == Explanation::kMaxMissing || relation.kind != Member::Kind::relation ||
          !allows(relation, {question_.subject_kind, question_.subject_relation}))
        return;
      candidates_.push_back({resource == kNoNode ? query_.object : graph_.name(resource),
                             schema_.name(relation.name), query_.subject});
    };
    if (step.kind == Step::Kind::direct) return add_edge(node, step.rule);
    if (step.kind != Step::Kind::grants || step.hops.empty()) return;
    const auto [first, last] = Label::grants();
    graph_.subjects(node).visit(first, last, [&](Label label, std::span<const NodeId> roles) {
      if (!graph_.holds(label.action_set(), step.relation)) return true;
      add_edge(roles[0], step.hops[0].targets[0].member);
      return false;
    });
  }

  std::optional<Missing> missing_at(NodeId node, const Step& step) const {
    const bool useful = std::any_of(step.hops.begin(), step.hops.end(), [&](const Hop& hop) {
      return std::any_of(hop.targets.begin(), hop.targets.end(), [&](const Hop::Target& target) {
        return question_.subject_relation != kItself ||
               schema_.reaches(target.member, question_.subject_kind);
      });
    });
    switch (step.kind) {
      case Step::Kind::direct:
        if (!useful &&
            !allows(schema_.member(step.rule), {question_.subject_kind, question_.subject_relation}))
          return std::nullopt;
        return Missing{Missing::Kind::relation, words_.name(node), words_.member(step.rule)};
      case Step::Kind::grants:
        if (!useful) return std::nullopt;
        return Missing{Missing::Kind::grant, words_.name(node), words_.member(step.rule),
                       roles_granted(node, step.relation)};
      case Step::Kind::arrow:
        if (!useful || has_edges(node, step)) return std::nullopt;
        return Missing{Missing::Kind::link, words_.name(node), words_.member(step.rule)};
      case Step::Kind::self:
      case Step::Kind::same:
      case Step::Kind::all_of:
      case Step::Kind::but_not:
      case Step::Kind::every:
        return std::nullopt;  // told by what failed in the gate
    }
    return std::nullopt;
  }

  std::vector<std::string> roles_granted(NodeId node, NameId action) const {
    std::vector<std::string> roles;
    const auto [first, last] = Label::grants();
    graph_.subjects(node).visit(first, last, [&](Label label, std::span<const NodeId> nodes) {
      if (!graph_.holds(label.action_set(), action)) return true;
      for (const NodeId role : nodes) {
        if (roles.size() == Explanation::kMaxRoles) return false;
        roles.push_back(words_.name(role));
      }
      return true;
    });
    return roles;
  }

  bool has_edges(NodeId node, const Step& step) const {
    return std::any_of(step.hops.begin(), step.hops.end(), [&](const Hop& hop) {
      return !graph_.subjects(node).visit(hop.label, [](std::span<const NodeId>) { return false; });
    });
  }

  const Graph& graph_;
  const CompiledSchema& schema_;
  const Words& words_;
  const CheckQuery& query_;
  const Question& question_;
  const Notes& notes_;
  Explanation& to_;
  Candidates& candidates_;
  std::vector<Place> todo_;
  std::unordered_set<std::uint64_t> seen_;
};

}  // namespace

Explanation explain_notes(const Graph& graph, const CheckQuery& query, const Question& question,
                          const Notes& notes, const Decision& decision, Candidates& candidates) {
  const Words words(graph, query);
  Explanation explanation{.decision = decision,
                          .subject = words.subject(),
                          .object = words.name(kNoNode),
                          .permission = std::string(query.permission),
                          .rule = graph.schema().rule_name(decision.rule())};
  if (question.restricted) {
    explanation.scope = to_text(missing_scope(query.permission, query.object));
    return explanation;
  }
  const Place allowed{question.object, question.member, Mode::allow};
  const Place denied{question.object, question.member, Mode::deny};
  Proof proof(graph, words, notes, explanation);
  if (decision.allowed()) {
    proof.write(allowed, 0);
    return explanation;
  }
  Frontier frontier(graph, words, query, question, notes, explanation, candidates);
  if (const Note* denial = find_note(notes, denied); denial != nullptr && denial->hit) {
    frontier.add_denial(*denial);
    proof.write(denied, 0);
  }
  if (decision.rule() == kDenyRule) return explanation;
  if (decision.rule() == kClosedRule) {
    frontier.write_closed();
    return explanation;
  }
  const Note* allows = find_note(notes, allowed);
  if (allows != nullptr && allows->hit)
    explanation.missing.push_back({Missing::Kind::undefined, explanation.object, explanation.permission});
  else
    frontier.write(allowed);
  return explanation;
}

Link link_of(const Edge& candidate) {
  const auto text = [](const SubjectRef& subject) {
    const auto object = fmt::format("{} {}", subject.object.kind, subject.object.id);
    return subject.relation.empty() ? object : fmt::format("{} # {}", object, subject.relation);
  };
  return {text({candidate.resource}), std::string(candidate.relation), text(candidate.subject)};
}

}  // namespace allauth::policy
