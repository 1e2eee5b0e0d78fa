#include "policy/entrance.h"

#include <unordered_set>
#include <vector>

namespace allauth::policy {

NodeId find_closed(const Graph& graph, NodeId object, Budget& budget) {
  if (!graph.has_closed() || object == kNoNode) return kNoNode;
  std::vector<NodeId> reached{object};
  std::unordered_set<NodeId> seen{object};
  for (std::size_t at = 0; at < reached.size() && !budget.spent(); ++at) {
    const NodeId node = reached[at];
    if (graph.is_closed(node)) return node;
    for (const Hop& hop : graph.schema().ways_in(graph.definition(node))) {
      graph.subjects(node).visit(hop.label, [&](std::span<const NodeId> around) {
        budget.spend(around.size());
        for (const NodeId next : around)
          if (graph.schema().entrance(graph.definition(next)) != nullptr && seen.insert(next).second)
            reached.push_back(next);
        return !budget.spent();
      });
    }
  }
  return kNoNode;
}

Solver::Truth is_left_out(const Graph& graph, const Question& question, Budget& budget, Solver& solver) {
  using Truth = Solver::Truth;
  const NodeId closed = find_closed(graph, question.object, budget);
  if (budget.spent()) return Truth::stopped;
  if (closed == kNoNode) return Truth::no;
  const CompiledSchema& schema = graph.schema();
  const Member* entrance = schema.entrance(graph.definition(question.object));
  if (entrance == nullptr) return Truth::yes;
  const Truth enters = solver.solve({question.object, schema.id(*entrance), Mode::holds});
  if (enters == Truth::stopped) return Truth::stopped;
  return enters == Truth::yes ? Truth::no : Truth::yes;
}

}  // namespace allauth::policy
