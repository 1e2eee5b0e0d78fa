#include "policy/graph.h"

#include <algorithm>

#include "policy/reverse_plans.h"

namespace allauth::policy {

Graph::Graph(std::shared_ptr<const CompiledSchema> schema)
    : schema_(std::move(schema)),
      reverse_plans_(std::make_shared<ReversePlans>()),
      names_(std::make_shared<persistent::Interner>()),
      action_sets_(std::make_shared<persistent::Interner>()) {}

ObjectRef Graph::name(NodeId node) const {
  if (is_guest(node))
    return {schema_->definition_name(definition(node)), (*guest_names_)[node - kFirstGuest].id};
  return {schema_->definition_name(definition(node)), names_->text(node)};
}

std::vector<std::string_view> Graph::ids(std::span<const NodeId> nodes) const {
  constexpr std::size_t kEntries = 16, kTexts = 8;  // so far ahead
  std::vector<std::string_view> ids(nodes.size());
  for (std::size_t i = 0; i < nodes.size() + kEntries; ++i) {
    if (i < nodes.size() && !is_guest(nodes[i])) names_->fetch(nodes[i]);
    if (i >= kTexts && i - kTexts < nodes.size() && !is_guest(nodes[i - kTexts]))
      names_->fetch_text(nodes[i - kTexts]);
    if (i >= kEntries && nodes[i - kEntries] != kNoNode) ids[i - kEntries] = name(nodes[i - kEntries]).id;
  }
  return ids;
}

// Guests first: a name may have become shared meanwhile.
NodeId Graph::find_with_guests(DefinitionId definition, std::string_view id) const {
  for (std::size_t i = 0; i < guest_names_->size(); ++i) {
    const GuestName& guest = (*guest_names_)[i];
    if (guest.definition == definition && guest.id == id) return kFirstGuest + static_cast<NodeId>(i);
  }
  return names_->find(id, definition);
}

Result<Graph> Graph::with(std::span<const Edge> guests) const {
  if (guests.size() > kMaxGuests)
    return fail(Code::invalid, "policy.context.limit",
                fmt::format("A question can bring at most {} relationships of its own.", kMaxGuests));
  Graph base = *this;
  base.guest_names_ = guest_names_ != nullptr ? std::make_shared<std::vector<GuestName>>(*guest_names_)
                                              : std::make_shared<std::vector<GuestName>>();
  Editor editor(std::move(base));
  for (const Edge& edge : guests) TRY(editor.add(edge));
  return editor.freeze();
}

bool Graph::holds_any(std::uint32_t action_set, std::string_view actions) const {
  const std::string_view bits = action_sets_->text(action_set);
  int common = 0;
  for (std::size_t i = 0; i < std::min(bits.size(), actions.size()); ++i) common |= bits[i] & actions[i];
  return common != 0;
}

MemberId Graph::rule_of_grant(const Plan& plan, Label label, MemberId otherwise) const {
  const auto found = std::ranges::find_if(plan.steps, [&](StepId id) {
    const Step& step = schema_->step(id);
    return step.kind == Step::Kind::grants && holds(label.action_set(), step.relation);
  });
  return found != plan.steps.end() ? schema_->step(*found).rule : otherwise;
}

bool Graph::is_closed(NodeId node) const {
  const NameId closed = schema_->closed();
  const auto none = [](Label, std::span<const NodeId>) { return false; };
  return closed_ != 0 &&
         !subjects(node).visit(Label::relation(closed, kItself), Label::relation(closed, kMaxName), none);
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
    case Member::Kind::part:
      return false;
    case Member::Kind::relation:
      return subjects(resource).contains(Label::relation(relation->name, *held_by), subject);
    case Member::Kind::granted:
      break;
  }
  if (relation->forms[0] != Form{*subject_kind, *held_by}) return false;
  const auto [first, last] = Label::grants();
  return !subjects(resource).visit(first, last, [&](Label label, std::span<const NodeId> roles) {
    return !holds(label.action_set(), relation->name) ||
           !std::binary_search(roles.begin(), roles.end(), subject);
  });
}

}  // namespace allauth::policy
