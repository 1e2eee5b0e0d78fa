#include "policy/lookup_subjects.h"

#include <algorithm>
#include <unordered_set>

#include "policy/candidates.h"
#include "policy/entrance.h"
#include "policy/locate.h"
#include "policy/search.h"

namespace allauth::policy {
namespace {

// Follows the plans from the object to all who are named on the way, also by what is excluded or denied.
class ForwardWalk {
 public:
  ForwardWalk(const Graph& graph, const Question& question, Budget& budget)
      : graph_(graph),
        schema_(graph.schema()),
        question_(question),
        form_{question.subject_kind, question.subject_relation},
        budget_(budget) {}

  // False: the budget is spent.
  bool run() {
    const bool shut = find_closed(graph_, question_.object, budget_) != kNoNode;
    push(question_.object, question_.member, graph_.has_denials() || shut ? Way::maybe : Way::certain);
    if (shut) add_entrance();
    while (const auto stop = frontier_.pop()) {
      if (budget_.spent()) return false;
      visit(*stop);
    }
    return !budget_.spent();
  }

  // Each node once, by the surest way.
  std::vector<Found> found() && {
    std::ranges::sort(found_, [](const Found& a, const Found& b) {
      return a.node != b.node ? a.node < b.node : a.way > b.way;
    });
    const auto repeated = std::ranges::unique(found_, {}, &Found::node);
    found_.erase(repeated.begin(), repeated.end());
    return std::move(found_);
  }
  bool everyone_certainly() const { return everyone_ == Way::certain; }

 private:
  // Who may enter a closed object makes a difference, too.
  void add_entrance() {
    const Member* entrance = schema_.entrance(schema_.member(question_.member).definition);
    if (entrance != nullptr) push(question_.object, schema_.id(*entrance), Way::maybe);
  }

  void visit(const Frontier::Stop& stop) {
    const Member& member = schema_.member(stop.member);
    const auto& names = member.plan.names;
    const bool own_kind = member.definition == form_.definition;
    if (own_kind && form_.relation != kItself &&
        std::binary_search(names.begin(), names.end(), form_.relation))
      note(stop.node, stop.way);
    for (const StepId id : member.plan.ways) {
      const Step& step = schema_.step(id);
      if (step.kind == Step::Kind::self && own_kind && form_.relation == kItself) note(stop.node, stop.way);
      if (step.kind == Step::Kind::direct) note_direct(stop, step);
      if (step.kind == Step::Kind::grants)
        go_to_roles(stop, step);
      else
        go_along(stop, step);
      go_to_parts(stop, step);
    }
  }

  void note_direct(const Frontier::Stop& stop, const Step& step) {
    const Member& relation = schema_.member(step.rule);
    const bool named = allows(relation, form_);
    const bool everyone =
        question_.everyone != kNoNode && allows(relation, {form_.definition, kItself, true});
    if (!named && !everyone) return;
    const Label label = Label::relation(step.relation, form_.relation);
    graph_.subjects(stop.node).visit(label, [&](std::span<const NodeId> nodes) {
      for (const NodeId node : nodes) {
        if (node == question_.everyone)
          everyone_ = everyone_.value_or(stop.way);
        else if (named && graph_.definition(node) == form_.definition)
          note(node, stop.way);
      }
      budget_.spend(nodes.size());
      return !budget_.spent();
    });
  }

  void go_to_roles(const Frontier::Stop& stop, const Step& step) {
    const std::string_view actions = schema_.member(stop.member).plan.actions;
    const auto go = [&](std::pair<Label, Label> labels, Way way) {
      graph_.subjects(stop.node).visit(
          labels.first, labels.second, [&](Label label, std::span<const NodeId> roles) {
            budget_.spend(1);
            return !graph_.holds_any(label.action_set(), actions) || push_all(roles, step.hops[0], way);
          });
    };
    if (step.hops.empty()) return;
    go(Label::grants(), stop.way);
    if (graph_.has_denials()) go(Label::denials(), Way::aside);
  }

  void go_along(const Frontier::Stop& stop, const Step& step) {
    const Way way = step.is_gate() ? std::min(stop.way, Way::maybe) : stop.way;
    for (const Hop& hop : step.hops)
      graph_.subjects(stop.node).visit(
          hop.label, [&](std::span<const NodeId> nodes) { return push_all(nodes, hop, way); });
  }

  void go_to_parts(const Frontier::Stop& stop, const Step& step) {
    const Way way = step.is_gate() ? std::min(stop.way, Way::maybe) : stop.way;
    for (std::size_t i = 0; i < step.parts.size(); ++i)
      push(stop.node, step.parts[i], step.kind == Step::Kind::but_not && i != 0 ? Way::aside : way);
  }

  bool push_all(std::span<const NodeId> nodes, const Hop& hop, Way way) {
    for (const NodeId node : nodes)
      for (const Hop::Target& target : hop.targets)
        if (target.definition == graph_.definition(node)) push(node, target.member, way);
    budget_.spend(nodes.size());
    return !budget_.spent();
  }

  // A member that nobody of the kind can hold leads to nobody, but a denial may be found there.
  void push(NodeId node, MemberId member, Way way) {
    const bool in_vain =
        !graph_.has_denials() && form_.relation == kItself && !schema_.reaches(member, form_.definition);
    if (in_vain) return;
    budget_.spend(1);
    frontier_.push({node, member, way});
  }

  void note(NodeId node, Way way) { found_.push_back({node, way}); }

  const Graph& graph_;
  const CompiledSchema& schema_;
  const Question& question_;
  const Form form_;
  Budget& budget_;
  Frontier frontier_;
  std::vector<Found> found_;
  std::optional<Way> everyone_;  // how a `kind:*` was found
};

Result<Question> locate(const Graph& graph, const SubjectQuery& query) {
  const CompiledSchema& schema = graph.schema();
  TRY(const DefinitionId kind, locate_kind(schema, query.object.kind));
  TRY(const MemberId member, locate_member(schema, kind, query.permission));
  if (query.object.id == kEveryone) return no_object();
  TRY(const SubjectKind who, locate_subject_kind(schema, query.kind, query.relation));
  return Question{.object = graph.find(kind, query.object.id),
                  .subject = kNoNode,
                  .member = member,
                  .subject_kind = who.definition,
                  .subject_relation = who.relation,
                  .same_object = false,
                  .restricted = false,
                  .everyone = everyone_of(graph, who)};
}

}  // namespace

Result<SubjectPage> lookup_subjects(const Graph& graph, std::uint64_t revision, const SubjectQuery& query) {
  TRY(Question question, locate(graph, query));
  Budget budget(query.limits);
  ForwardWalk walk(graph, question, budget);
  if (!walk.run()) return given_up(budget);

  const auto check = [&] {
    Solver solver(graph, question, budget);
    return verify(graph, solver, question, budget);
  };
  SubjectPage page{.named = {}, .everyone = walk.everyone_certainly(), .excluded = {}};
  const bool nobody_excluded = page.everyone;
  // Somebody whom nothing names.
  if (!page.everyone && question.everyone != kNoNode) {
    TRY(page.everyone, check());
  }
  const auto holds = [&](const Candidate& candidate) -> Result<bool> {
    if (candidate.way == Way::certain || nobody_excluded) return true;
    question.subject = candidate.node;
    question.same_object = question.subject_kind == graph.schema().member(question.member).definition &&
                           candidate.id == query.object.id;
    return check();
  };
  std::unordered_set<std::string_view> excluded;
  const auto listed = [&](const Candidate& candidate) -> Result<bool> {
    if (candidate.id == kEveryone) return false;
    TRY(const bool held, holds(candidate));
    if (!page.everyone || held) return held && !(page.everyone && candidate.way == Way::aside);
    excluded.insert(candidate.id);
    return true;
  };
  const std::vector<Candidate> sorted = sort_candidates(graph, std::move(walk).found(), query.object.id);
  TRY(page.named, cut_page(sorted, query.page, revision, listed));
  std::ranges::copy_if(page.named.ids, std::back_inserter(page.excluded),
                       [&](const std::string& id) { return excluded.contains(id); });
  std::erase_if(page.named.ids, [&](const std::string& id) { return excluded.contains(id); });
  return page;
}

}  // namespace allauth::policy
