#include <algorithm>

#include "policy/graph.h"

namespace allauth::policy {
namespace {

std::unexpected<Error> invalid(Reason reason, std::string message) {
  return fail(Code::invalid, reason, std::move(message));
}

Result<void> check_id(const ObjectRef& object) {
  if (!object.id.empty() && object.id.size() <= kMaxObjectId && object.id != kEveryone) return {};
  return invalid("policy.id.invalid", fmt::format("The id of a {} must have 1 to {} bytes and not be \"*\".",
                                                  object.kind, kMaxObjectId));
}

Result<DefinitionId> find_kind(const CompiledSchema& schema, std::string_view kind) {
  if (const auto found = schema.find_definition(kind)) return *found;
  return invalid("policy.kind.unknown", fmt::format("The policy has no kind \"{}\".", kind));
}

// The label of an edge that the schema allows.
Result<Label> label_of(const CompiledSchema& schema, const Edge& edge) {
  TRY(const DefinitionId kind, find_kind(schema, edge.resource.kind));
  const Member* relation = schema.find_member(kind, edge.relation);
  if (relation == nullptr)
    return invalid("policy.relation.unknown",
                   fmt::format("A {} has no relation \"{}\".", edge.resource.kind, edge.relation));
  if (relation->kind != Member::Kind::relation)
    return invalid(
        "policy.relation.computed",
        fmt::format("\"{}\" of a {} is computed and cannot be written.", edge.relation, edge.resource.kind));
  const SubjectRef& subject = edge.subject;
  TRY(const DefinitionId subject_kind, find_kind(schema, subject.object.kind));
  const auto held_by = subject.relation.empty() ? std::optional(kItself) : schema.find_name(subject.relation);
  const Form form{subject_kind, held_by.value_or(kItself), subject.object.id == kEveryone};
  const bool allowed =
      held_by && std::find(relation->forms.begin(), relation->forms.end(), form) != relation->forms.end();
  if (!allowed)
    return invalid("policy.subject.forbidden",
                   fmt::format("\"{}\" of a {} does not take {}{}{}{} as a subject.", edge.relation,
                               edge.resource.kind, subject.object.kind, form.wildcard ? ":*" : "",
                               subject.relation.empty() ? "" : "#", subject.relation));
  TRY(check_id(edge.resource));
  if (!form.wildcard) TRY(check_id(subject.object));
  return Label::relation(relation->name, *held_by);
}

}  // namespace

Result<void> Graph::check(const CompiledSchema& schema, const Edge& edge) {
  TRY(label_of(schema, edge));
  return {};
}

Graph::Editor::Editor(Graph base)
    : base_(std::move(base)), forward_(base_.forward_), reverse_(base_.reverse_) {
  // The editor's own indexes are the ones that count from here on.
  base_.forward_ = {};
  base_.reverse_ = {};
}

Graph Graph::Editor::freeze() {
  Graph frozen = base_;
  frozen.forward_ = forward_.freeze();
  frozen.reverse_ = reverse_.freeze();
  return frozen;
}

NodeId Graph::Editor::intern(DefinitionId definition, std::string_view id) {
  if (base_.guest_names_ == nullptr) return base_.names_->intern(id, definition);
  const NodeId known = base_.find_with_guests(definition, id);
  if (known != kNoNode) return known;
  base_.guest_names_->push_back({definition, std::string(id)});
  return kFirstGuest + static_cast<NodeId>(base_.guest_names_->size() - 1);
}

Result<bool> Graph::Editor::add(const Edge& edge) {
  TRY(const Label label, label_of(base_.schema(), edge));
  const CompiledSchema& schema = base_.schema();
  const Located located{intern(*schema.find_definition(edge.resource.kind), edge.resource.id),
                        intern(*schema.find_definition(edge.subject.object.kind), edge.subject.object.id),
                        label};
  const EdgeSet* present = forward_.find(located.resource);
  if (present != nullptr && present->contains(label, located.subject)) return false;
  link(located);
  return true;
}

Result<bool> Graph::Editor::remove(const Edge& edge) {
  TRY(const Label label, label_of(base_.schema(), edge));
  const CompiledSchema& schema = base_.schema();
  const Located located{base_.find(*schema.find_definition(edge.resource.kind), edge.resource.id),
                        base_.find(*schema.find_definition(edge.subject.object.kind), edge.subject.object.id),
                        label};
  if (located.resource == kNoNode || located.subject == kNoNode) return false;
  const EdgeSet* present = forward_.find(located.resource);
  if (present == nullptr || !present->contains(label, located.subject)) return false;
  unlink(located);
  return true;
}

Result<void> Graph::Editor::replace(const ObjectRef& resource, std::string_view relation,
                                    const std::optional<SubjectRef>& subject) {
  TRY(const auto before, held(resource, relation));
  NodeId kept = kNoNode;
  if (subject) {
    TRY(add({resource, relation, *subject}));
    kept = base_.find(*base_.schema().find_definition(subject->object.kind), subject->object.id);
  }
  for (const Located& edge : before)
    if (edge.subject != kept) unlink(edge);
  return {};
}

// The edges of a relation of single objects: those of usersets are left out.
Result<std::vector<Graph::Editor::Located>> Graph::Editor::held(const ObjectRef& resource,
                                                                std::string_view relation) const {
  TRY(const DefinitionId kind, find_kind(base_.schema(), resource.kind));
  const Member* member = base_.schema().find_member(kind, relation);
  if (member == nullptr || member->kind != Member::Kind::relation)
    return invalid("policy.relation.unknown",
                   fmt::format("A {} has no relation \"{}\".", resource.kind, relation));
  std::vector<Located> edges;
  const NodeId node = base_.find(kind, resource.id);
  const EdgeSet* present = node == kNoNode ? nullptr : forward_.find(node);
  if (present == nullptr) return edges;
  const Label label = Label::relation(member->name, kItself);
  present->visit(label, [&](std::span<const NodeId> subjects) {
    for (const NodeId subject : subjects) edges.push_back({node, subject, label});
    return true;
  });
  return edges;
}

Result<bool> Graph::Editor::set_grants(const ObjectRef& object, std::string_view role_id, Effect effect,
                                       std::span<const std::string_view> actions) {
  TRY(const DefinitionId kind, find_kind(base_.schema(), object.kind));
  TRY(const std::string bits, action_bits(kind, effect, actions));
  const auto role_kind = base_.schema().grant_role(kind);
  if (!role_kind)
    return invalid("policy.action.unknown", fmt::format("Nothing can be granted on a {}.", object.kind));
  TRY(check_id(object));
  TRY(check_id({base_.schema().definition_name(role_kind->definition), role_id}));

  const NodeId node = intern(kind, object.id);
  const NodeId role = intern(role_kind->definition, role_id);
  const auto current = current_grant(node, role, effect);
  std::optional<Label> wanted;
  if (!bits.empty()) {
    const std::uint32_t actions_id = base_.action_sets_->intern(bits);
    wanted = effect == Effect::allow ? Label::grant(actions_id) : Label::denial(actions_id);
  }
  if (current == wanted) return false;
  if (current) unlink({node, role, *current});
  if (wanted) link({node, role, *wanted});
  return true;
}

std::vector<ObjectRef> Graph::Editor::keep_grants(const ObjectRef& role, std::span<const ObjectRef> objects) {
  std::vector<ObjectRef> left;
  const auto kind = base_.schema().find_definition(role.kind);
  const NodeId node = kind ? base_.find(*kind, role.id) : kNoNode;
  const EdgeSet* held = node == kNoNode ? nullptr : reverse_.find(node);
  if (held == nullptr) return left;
  std::vector<Located> gone;
  for (const auto& [first, last] : {Label::grants(), Label::denials()}) {
    held->visit(first, last, [&](Label label, std::span<const NodeId> granted) {
      for (const NodeId object : granted)
        if (std::ranges::find(objects, base_.name(object)) == objects.end())
          gone.push_back({object, node, label});
      return true;
    });
  }
  for (const Located& edge : gone) {
    unlink(edge);
    left.push_back(base_.name(edge.resource));
  }
  return left;
}

// The action set as a bitmap over NameId without trailing zero bytes; empty: no action.
Result<std::string> Graph::Editor::action_bits(DefinitionId kind, Effect effect,
                                               std::span<const std::string_view> actions) const {
  std::string bits;
  for (const std::string_view action : actions) {
    const Member* relation = base_.schema().find_member(kind, action);
    if (relation == nullptr || relation->kind != Member::Kind::granted)
      return invalid("policy.action.unknown", fmt::format("\"{}\" cannot be granted on a {}.", action,
                                                          base_.schema().definition_name(kind)));
    if (effect == Effect::deny && relation->never_denied)
      return invalid("policy.action.never_denied", fmt::format("\"{}\" cannot be denied on a {}.", action,
                                                               base_.schema().definition_name(kind)));
    const std::size_t byte = relation->name / 8u;
    if (bits.size() <= byte) bits.resize(byte + 1);
    bits[byte] = static_cast<char>(static_cast<unsigned char>(bits[byte]) | 1u << (relation->name % 8));
  }
  return bits;
}

// The label under which the role has a grant of that effect on the object.
std::optional<Label> Graph::Editor::current_grant(NodeId object, NodeId role, Effect effect) const {
  std::optional<Label> current;
  const auto [first, last] = effect == Effect::allow ? Label::grants() : Label::denials();
  if (const EdgeSet* edges = forward_.find(object); edges != nullptr) {
    edges->visit(first, last, [&](Label label, std::span<const NodeId> roles) {
      if (std::binary_search(roles.begin(), roles.end(), role)) current = label;
      return !current;
    });
  }
  return current;
}

void Graph::Editor::link(const Located& edge) {
  forward_.at(edge.resource).insert(edge.label, edge.subject);
  reverse_.at(edge.subject).insert(edge.label, edge.resource);
  ++base_.size_;
  if (edge.label.is_denial()) ++base_.denials_;
  if (closes(edge.label)) ++base_.closed_;
}

void Graph::Editor::unlink(const Located& edge) {
  forward_.at(edge.resource).erase(edge.label, edge.subject);
  reverse_.at(edge.subject).erase(edge.label, edge.resource);
  --base_.size_;
  if (edge.label.is_denial()) --base_.denials_;
  if (closes(edge.label)) --base_.closed_;
}

bool Graph::Editor::closes(Label label) const {
  const NameId closed = base_.schema().closed();
  return closed != kItself && label.relation_name() == closed;
}

}  // namespace allauth::policy
