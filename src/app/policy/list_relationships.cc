#include "app/policy/relationship_rules.h"
#include "app/policy/relationships.h"

namespace allauth::app {
namespace {

using policy::Label;
using policy::NodeId;

// Of one object or subject of the product's own kinds; they are sorted anew for every page.
constexpr std::size_t kMostAtHand = 100'000;

// Takes the edges of one node, as rows.
class EdgeReader {
 public:
  EdgeReader(const policy::Graph& graph, const RelationshipFilter& filter) : graph_(graph), filter_(filter) {}

  Result<std::vector<Relationship>> read() {
    const auto& schema = graph_.schema();
    const auto kind = *schema.find_definition(filter_.resource_kind);
    const auto subject_kind = schema.find_definition(filter_.subject_kind);
    if (!filter_.resource_id.empty()) {
      const NodeId object = graph_.find(kind, filter_.resource_id);
      if (object != policy::kNoNode)
        each(graph_.subjects(object), [&](auto l, auto n) { add(l, object, n); });
    } else if (subject_kind) {
      const NodeId subject = graph_.find(*subject_kind, filter_.subject_id);
      if (subject != policy::kNoNode)
        each(graph_.resources(subject), [&](auto label, auto node) {
          if (graph_.definition(node) == kind) add(label, node, subject);
        });
    }
    if (seen_ > kMostAtHand) return too_many_to_count(kMostAtHand);
    return std::move(rows_);
  }

 private:
  template <class Take>
  void each(const policy::EdgeSet& edges, const Take& take) {
    edges.visit(Label::from_bits(0), Label::denial(0x1FFF'FFFF),
                [&](Label label, std::span<const NodeId> nodes) {
                  for (const NodeId node : nodes) {
                    if (++seen_ > kMostAtHand) return false;
                    take(label, node);
                  }
                  return true;
                });
  }

  void add(Label label, NodeId object, NodeId subject) {
    if (label.is_denial()) return;
    const auto& schema = graph_.schema();
    if (!label.is_grant())
      return add(object, schema.name(label.relation_name()), subject, schema.name(label.held_by()));
    const auto kind = graph_.definition(object);
    const auto holder = schema.grant_role(kind);
    for (const auto action : schema.actions(kind))
      if (graph_.holds(label.action_set(), *schema.find_name(action)))
        add(object, action, subject, schema.name(holder->relation));
  }
  void add(NodeId object, std::string_view relation, NodeId subject, std::string_view held_by) {
    const auto resource = graph_.name(object), by = graph_.name(subject);
    Relationship row{.resource_kind = std::string(resource.kind),
                     .resource_id = std::string(resource.id),
                     .relation = std::string(relation),
                     .subject_kind = std::string(by.kind),
                     .subject_id = std::string(by.id),
                     .subject_relation = std::string(held_by)};
    if (filter_.matches(row)) rows_.push_back(std::move(row));
  }

  const policy::Graph& graph_;
  const RelationshipFilter& filter_;
  std::vector<Relationship> rows_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<Page<Relationship>> list_relationships(store::Read& read, const Core& core,
                                              const Permit<act::ReadPolicy>&,
                                              const RelationshipFilter& filter, ListRequest request) {
  TRY(check_form(filter));
  const auto snapshot = core.snapshots.view();
  TRY(snapshot->check_usable());
  if (!snapshot->graph().schema().find_definition(filter.resource_kind))
    return fail(Code::invalid, "policy.kind.unknown", "The policy has no such kind.", "resource_kind");
  auto& rest = request.filter.related;  // what is left to look at row by row
  rest = filter;
  if (!is_own_kind(filter.resource_kind)) {
    if (filter.resource_id.empty() && filter.subject_id.empty())
      return fail(
          Code::invalid, "policy.filter.object",
          "Relationships of the product's own kinds are told of one object or one subject: give its id.",
          "resource_id");
    TRY(auto rows, EdgeReader(snapshot->graph(), filter).read());
    return list_few(std::move(rows), store::list::relationships_at_hand(), request, filter.resource_kind);
  }
  rest.resource_kind.clear();
  if (!filter.subject_id.empty()) {
    rest.subject_kind.clear();
    rest.subject_id.clear();
    return list_page<Relationship>(read, store::list::relationships_of_subject(), request,
                                   filter.subject_kind, filter.subject_id, filter.resource_kind);
  }
  if (filter.resource_id.empty())
    return list_page<Relationship>(read, store::list::relationships_of_kind(), request, filter.resource_kind);
  rest.resource_id.clear();
  return list_page<Relationship>(read, store::list::relationships_of_object(), request, filter.resource_kind,
                                 filter.resource_id);
}

}  // namespace allauth::app
