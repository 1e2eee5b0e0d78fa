// A graph goes on with another schema.
#include <algorithm>
#include <vector>

#include "policy/graph.h"

namespace allauth::policy {
namespace {

struct Lost {
  DefinitionId definition;
  NameId relation;
  Form form;
};

// What a relation allowed before and does not allow any more.
std::vector<Lost> lost_forms(const CompiledSchema& before, const CompiledSchema& after) {
  std::vector<Lost> lost;
  before.for_each_member([&](const Member& relation) {
    if (relation.kind != Member::Kind::relation) return;
    const Member* now = after.find_member(relation.definition, relation.name);
    for (const Form& form : relation.forms) {
      const bool kept = now != nullptr && now->kind == Member::Kind::relation &&
                        std::find(now->forms.begin(), now->forms.end(), form) != now->forms.end();
      if (!kept) lost.push_back({relation.definition, relation.name, form});
    }
  });
  return lost;
}

}  // namespace

Result<void> Graph::Editor::set_schema(std::shared_ptr<const CompiledSchema> next) {
  if (!next->goes_on(*base_.schema_))
    return fail(Code::bug, "policy.schema.mismatch", "The graph was made with another schema.");
  const auto lost = lost_forms(*base_.schema_, *next);
  for (NodeId node = 0; !lost.empty() && node < base_.names_->size(); ++node) {
    for (const Lost& one : lost)
      if (one.definition == base_.names_->space(node)) drop(node, one.relation, one.form);
  }
  base_.schema_ = std::move(next);
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
