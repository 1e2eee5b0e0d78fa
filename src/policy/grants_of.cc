#include "policy/grants_of.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace allauth::policy {
namespace {

bool before(const ObjectRef& a, const ObjectRef& b) {
  return std::tie(a.kind, a.id) < std::tie(b.kind, b.id);
}

class Gathering {
 public:
  Gathering(const Graph& graph, const Limits& limits) : graph_(graph), budget_(limits) {}

  // Roles that the node is a member of by an edge of its own.
  void add_roles_of(NodeId member) {
    for (DefinitionId id = 0; id < graph_.schema().definition_count(); ++id) {
      const auto role = graph_.schema().grant_role(id);
      if (!role || !kinds_of_roles_.insert({role->definition, role->relation}).second) continue;
      graph_.resources(member).visit(Label::relation(role->relation, kItself),
                                     [&](std::span<const NodeId> nodes) {
                                       budget_.spend(nodes.size());
                                       for (const NodeId node : nodes)
                                         if (graph_.definition(node) == role->definition) roles_.insert(node);
                                       return !budget_.spent();
                                     });
    }
  }

  Result<std::vector<GrantsOnObject>> gather() {
    for (const NodeId role : roles_) add_grants_of(role);
    std::vector<GrantsOnObject> all;
    for (const auto& [node, found] : objects_) {
      if (budget_.spent()) break;
      all.push_back(name(node, found));
    }
    if (budget_.spent())
      return fail(Code::exhausted, "policy.work.exceeded",
                  "There are too many roles or grants to list them for one subject.");
    std::ranges::sort(all, before, &GrantsOnObject::object);
    return all;
  }

 private:
  struct Found {
    std::set<std::uint32_t> allowed, denied;  // action sets
    std::set<NodeId> roles;
  };

  void add_grants_of(NodeId role) {
    const auto first = Label::grants().first;
    const auto last = Label::denials().second;
    graph_.resources(role).visit(first, last, [&](Label label, std::span<const NodeId> nodes) {
      budget_.spend(nodes.size());
      for (const NodeId node : nodes) {
        Found& found = objects_[node];
        (label.is_denial() ? found.denied : found.allowed).insert(label.action_set());
        found.roles.insert(role);
      }
      return !budget_.spent();
    });
  }

  GrantsOnObject name(NodeId node, const Found& found) {
    const CompiledSchema& schema = graph_.schema();
    GrantsOnObject named{.object = graph_.name(node), .allowed = {}, .denied = {}, .roles = {}};
    const auto in_one_of = [&](const std::set<std::uint32_t>& sets, NameId action) {
      return std::ranges::any_of(sets, [&](std::uint32_t set) { return graph_.holds(set, action); });
    };
    for (const std::string_view action : schema.actions(graph_.definition(node))) {
      const NameId id = *schema.find_name(action);
      if (in_one_of(found.allowed, id)) named.allowed.push_back(action);
      if (in_one_of(found.denied, id)) named.denied.push_back(action);
    }
    for (const NodeId role : found.roles) named.roles.push_back(graph_.name(role));
    std::ranges::sort(named.roles, before);
    budget_.spend(1 + found.roles.size());
    return named;
  }

  const Graph& graph_;
  Budget budget_;
  std::set<std::pair<DefinitionId, NameId>> kinds_of_roles_;  // looked at
  std::set<NodeId> roles_;
  std::map<NodeId, Found> objects_;
};

}  // namespace

Result<std::vector<GrantsOnObject>> grants_of(const Graph& graph, const ObjectRef& subject,
                                              const Limits& limits) {
  const auto kind = graph.schema().find_definition(subject.kind);
  if (!kind)
    return fail(Code::invalid, "policy.kind.unknown",
                fmt::format("The policy has no kind \"{}\".", subject.kind));
  Gathering gathering(graph, limits);
  if (const NodeId node = graph.find(*kind, subject.id); node != kNoNode) gathering.add_roles_of(node);
  return gathering.gather();
}

}  // namespace allauth::policy
