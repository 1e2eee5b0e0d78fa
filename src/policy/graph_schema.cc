// A graph goes on with another schema.
#include <vector>

#include "policy/graph.h"
#include "policy/reverse_plans.h"
#include "policy/schema/schema_change.h"

namespace allauth::policy {
Result<void> Graph::Editor::set_schema(std::shared_ptr<const CompiledSchema> next) {
  if (!next->goes_on(*base_.schema_))
    return fail(Code::bug, "policy.schema.mismatch", "The graph was made with another schema.");
  const auto lost = lost_forms(*base_.schema_, *next);
  for (NodeId node = 0; !lost.empty() && node < base_.names_->size(); ++node) {
    for (const TakenForm& one : lost)
      if (one.definition == base_.names_->space(node)) drop(node, one.relation, one.form);
  }
  base_.schema_ = std::move(next);
  base_.reverse_plans_ = std::make_shared<ReversePlans>();
  return {};
}

// The resource's relationships of that form.
void Graph::Editor::drop(NodeId resource, NameId relation, const Form& form) {
  const EdgeSet* present = forward_.find(resource);
  if (present == nullptr) return;
  std::vector<Located> gone;
  const Label label = Label::relation(relation, form.relation);
  present->visit(label, [&](std::span<const NodeId> subjects) {
    for (const NodeId subject : subjects) {
      const bool everyone = base_.names_->text(subject) == kEveryone;
      if (base_.names_->space(subject) == form.definition && everyone == form.wildcard)
        gone.push_back({resource, subject, label});
    }
    return true;
  });
  for (const Located& edge : gone) unlink(edge);
}

}  // namespace allauth::policy
