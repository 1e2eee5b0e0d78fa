#include "policy/explainer.h"

#include <algorithm>

namespace allauth::policy {
namespace {

std::string text_of(const ObjectRef& object) { return fmt::format("{} {}", object.kind, object.id); }

std::string text_of(const SubjectRef& subject) {
  std::string text = text_of(subject.object);
  if (!subject.relation.empty()) text += fmt::format(" # {}", subject.relation);
  return text;
}

class Explainer {
 public:
  Explainer(const Graph& graph, const CheckQuery& query, const Question& question, const Search& search)
      : graph_(graph), schema_(graph.schema()), query_(query), question_(question), search_(search) {}

  // The way back from the hit, turned around.
  std::vector<Link> path() const {
    std::vector<Link> path;
    const Search::Hit& hit = *search_.hit();
    const auto tasks = search_.tasks();
    const std::string subject = text_of(query_.subject);
    if (hit.via != kNoNode) {
      const Member& relation = schema_.member(hit.via_member);
      if (!hit.is_subject) path.push_back({name(hit.via), std::string(schema_.name(relation.name)), subject});
      path.push_back(link(tasks[hit.task].node, hit.rule, hit.via_label, hit.via, hit.via_member));
    } else if (!hit.is_subject) {
      path.push_back(
          {name(tasks[hit.task].node), std::string(schema_.name(schema_.member(hit.rule).name)), subject});
    }
    for (std::uint32_t at = hit.task; tasks[at].parent != Search::kRoot; at = tasks[at].parent) {
      const Search::Task& from = tasks[tasks[at].parent];
      path.push_back(link(from.node, rule_between(from, tasks[at].label), tasks[at].label, tasks[at].node,
                          tasks[at].member));
    }
    std::reverse(path.begin(), path.end());
    return path;
  }

  void add_missing(Explanation& explanation) const {
    for (const Search::Task& task : search_.tasks()) {
      for (const StepId id : schema_.member(task.member).plan.steps) {
        const auto missing = missing_at(task.node, schema_.step(id));
        if (!missing) continue;
        if (explanation.missing.size() == Explanation::kMaxMissing) {
          explanation.missing_cut = true;
          return;
        }
        explanation.missing.push_back(*missing);
      }
    }
  }

 private:
  std::optional<Missing> missing_at(NodeId node, const Step& step) const {
    const Member& relation = schema_.member(step.rule);
    const std::string step_name(schema_.name(step.relation));
    const bool useful = std::any_of(step.hops.begin(), step.hops.end(), [&](const Hop& hop) {
      return std::any_of(hop.targets.begin(), hop.targets.end(), [&](const Hop::Target& target) {
        return question_.subject_relation != kItself ||
               schema_.reaches(target.member, question_.subject_kind);
      });
    });
    switch (step.kind) {
      case Step::Kind::direct:
        if (!useful && !allows(relation, {question_.subject_kind, question_.subject_relation}))
          return std::nullopt;
        return Missing{Missing::Kind::relation, name(node), step_name};
      case Step::Kind::grants:
        if (!useful) return std::nullopt;
        return Missing{Missing::Kind::grant, name(node), step_name, roles_granted(node, step.relation)};
      case Step::Kind::arrow:
        if (!useful || has_edges(node, step)) return std::nullopt;
        return Missing{Missing::Kind::link, name(node), step_name};
    }
    return std::nullopt;
  }

  std::vector<std::string> roles_granted(NodeId node, NameId action) const {
    std::vector<std::string> roles;
    graph_.subjects(node).visit(Label::first_grant(), Label::last_grant(),
                                [&](Label label, std::span<const NodeId> nodes) {
                                  if (!graph_.holds(label.action_set(), action)) return true;
                                  for (const NodeId role : nodes) {
                                    if (roles.size() == Explanation::kMaxRoles) return false;
                                    roles.push_back(name(role));
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

  // Which step of the task's plan goes along that label?
  MemberId rule_between(const Search::Task& from, Label label) const {
    for (const StepId id : schema_.member(from.member).plan.steps) {
      const Step& step = schema_.step(id);
      if (step.kind == Step::Kind::grants) {
        if (label.is_grant() && graph_.holds(label.action_set(), step.relation)) return step.rule;
      } else if (std::any_of(step.hops.begin(), step.hops.end(),
                             [&](const Hop& hop) { return hop.label == label; })) {
        return step.rule;
      }
    }
    return from.member;
  }

  // A userset edge names the subject's relation; an arrow looks at the object behind it only.
  Link link(NodeId from, MemberId rule, Label label, NodeId to, MemberId asked) const {
    const Member& relation = schema_.member(rule);
    const bool names_relation = label.is_grant() || (label.bits() & kMaxName) == schema_.member(asked).name;
    std::string subject = name(to);
    if (names_relation) subject += fmt::format(" # {}", schema_.name(schema_.member(asked).name));
    return {name(from), std::string(schema_.name(relation.name)), std::move(subject), label.is_grant()};
  }

  std::string name(NodeId node) const { return text_of(node == kNoNode ? query_.object : graph_.name(node)); }

  const Graph& graph_;
  const CompiledSchema& schema_;
  const CheckQuery& query_;
  const Question& question_;
  const Search& search_;
};

}  // namespace

Explanation explain_search(const Graph& graph, const CheckQuery& query, const Question& question,
                           const Search& search, const Decision& decision) {
  Explanation explanation{.decision = decision,
                          .subject = text_of(query.subject),
                          .object = text_of(query.object),
                          .permission = std::string(query.permission),
                          .rule = graph.schema().rule_name(decision.rule())};
  if (question.restricted) return explanation;
  const Explainer explainer(graph, query, question, search);
  if (decision.allowed())
    explanation.path = explainer.path();
  else
    explainer.add_missing(explanation);
  return explanation;
}

}  // namespace allauth::policy
