#include "policy/candidates.h"

#include <algorithm>

#include "policy/entrance.h"
#include "policy/locate.h"

namespace allauth::policy {

std::vector<Candidate> sort_candidates(const Graph& graph, const std::unordered_map<NodeId, Way>& ways,
                                       std::string_view own_id) {
  std::vector<Candidate> sorted;
  sorted.reserve(ways.size());
  for (const auto& [node, way] : ways)
    sorted.push_back({node == kNoNode ? own_id : graph.name(node).id, node, way});
  std::ranges::sort(sorted, {}, &Candidate::id);
  return sorted;
}

Result<bool> verify(const Graph& graph, Solver& solver, const Question& question, Budget& budget) {
  budget.spend(1);
  const Solver::Truth allowed = solver.solve({question.object, question.member, Mode::allow});
  if (allowed == Solver::Truth::stopped) return given_up(budget);
  if (allowed != Solver::Truth::yes) return false;
  if (solver.deniable(question.member)) {
    const Solver::Truth denied = solver.solve({question.object, question.member, Mode::deny});
    if (denied == Solver::Truth::stopped) return given_up(budget);
    if (denied != Solver::Truth::no) return false;
  }
  const Solver::Truth left_out = is_left_out(graph, question, budget, solver);
  if (left_out == Solver::Truth::stopped) return given_up(budget);
  return left_out == Solver::Truth::no;
}

Result<IdPage> cut_page(std::span<const Candidate> sorted, const PageRequest& request, std::uint64_t revision,
                        const Holds& holds) {
  if (request.limit == 0) return fail(Code::invalid, "policy.page.limit", "A page has at least one id.");
  if (request.after && request.after->revision != revision)
    return fail(Code::invalid, "policy.cursor.revision", "The cursor belongs to another revision.");
  IdPage page;
  std::uint64_t count = 0;
  bool more = false;
  for (const Candidate& candidate : sorted) {
    const bool before = request.after && candidate.id <= request.after->last;
    if (!request.total && (before || more)) continue;
    TRY(const bool held, holds(candidate));
    if (!held) continue;
    ++count;
    if (before) continue;
    if (page.ids.size() == request.limit)
      more = true;
    else
      page.ids.emplace_back(candidate.id);
  }
  if (more) page.next = Cursor{page.ids.back(), revision};
  if (request.total) page.total = count;
  return page;
}

}  // namespace allauth::policy
