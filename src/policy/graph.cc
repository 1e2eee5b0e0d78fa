#include "policy/graph.h"

namespace allauth::policy {

Graph::Graph(std::shared_ptr<const CompiledSchema> schema)
    : schema_(std::move(schema)),
      names_(std::make_shared<persistent::Interner>()),
      action_sets_(std::make_shared<persistent::Interner>()) {}

ObjectRef Graph::name(NodeId node) const {
  return {schema_->definition_name(definition(node)), names_->text(node)};
}

bool Graph::contains(const Edge& edge) const {
  const auto kind = schema_->find_definition(edge.resource.kind);
  const auto subject_kind = schema_->find_definition(edge.subject.object.kind);
  if (!kind || !subject_kind) return false;
  const Member* relation = schema_->find_member(*kind, edge.relation);
  const auto held_by =
      edge.subject.relation.empty() ? std::optional(kItself) : schema_->find_name(edge.subject.relation);
  if (relation == nullptr || !held_by) return false;
  const NodeId resource = find(*kind, edge.resource.id);
  const NodeId subject = find(*subject_kind, edge.subject.object.id);
  if (resource == kNoNode || subject == kNoNode) return false;
  switch (relation->kind) {
    case Member::Kind::permission:
      return false;
    case Member::Kind::relation:
      return subjects(resource).contains(Label::relation(relation->name, *held_by), subject);
    case Member::Kind::granted:
      break;
  }
  if (relation->forms[0] != Form{*subject_kind, *held_by}) return false;
  return !subjects(resource).visit(Label::first_grant(), Label::last_grant(),
                                   [&](Label label, std::span<const NodeId> roles) {
                                     return !holds(label.action_set(), relation->name) ||
                                            !std::binary_search(roles.begin(), roles.end(), subject);
                                   });
}

}  // namespace allauth::policy
