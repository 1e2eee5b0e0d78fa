#include "policy/testing/expansions.h"

#include <algorithm>

#include "policy/expand.h"

namespace allauth::policy {
namespace {

using Truth = Oracle::Truth;
using Kind = Expansion::Node::Kind;

Truth negate(Truth truth) {
  return truth == Truth::yes ? Truth::no : truth == Truth::no ? Truth::yes : Truth::undefined;
}

Truth holds(World& world, const SubjectRef& stored, const ObjectRef& subject) {
  if (!stored.relation.empty()) return world.oracle().ask({subject}, stored.relation, stored.object);
  const bool held =
      stored.object.kind == subject.kind && (stored.object.id == subject.id || stored.object.id == kEveryone);
  return held ? Truth::yes : Truth::no;
}

// Children come behind their parents.
Truth evaluate(World& world, const Expansion& tree, const ObjectRef& subject) {
  std::vector<Truth> truths(tree.nodes.size(), Truth::no);
  for (std::size_t at = tree.nodes.size(); at-- > 0;) {
    const Expansion::Node& node = tree.nodes[at];
    Truth& truth = truths[at];
    for (const SubjectRef& stored : node.subjects) truth = std::max(truth, holds(world, stored, subject));
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Truth child = truths[node.children[i]];
      if (i == 0)
        truth = child;
      else if (node.kind == Kind::union_)
        truth = std::max(truth, child);
      else
        truth = std::min(truth, node.kind == Kind::exclusion ? negate(child) : child);
    }
  }
  return truths[0];
}

}  // namespace

std::string expansions_difference(World& world, const ObjectRef& object, const ObjectRef& subject,
                                  std::size_t& compared) {
  const Graph graph = world.graph();
  const auto& definitions = world.language().definitions;
  const auto definition = std::find_if(definitions.begin(), definitions.end(),
                                       [&](const auto& one) { return one.name == object.kind; });
  for (const ResolvedMember& member : definition->members) {
    const std::string& permission = world.language().names[member.name];
    const std::string what =
        fmt::format("{}:{}#{} for {}:{}", object.kind, object.id, permission, subject.kind, subject.id);
    const auto tree = expand(graph, {.object = object, .permission = permission});
    if (!tree && tree.error().reason == Reason("policy.work.exceeded")) continue;
    if (!tree) return fmt::format("{}: {}", what, tree.error().message);
    if (graph.has_denials() || std::ranges::any_of(tree->nodes, &Expansion::Node::again)) continue;
    ++compared;
    const Truth truth = evaluate(world, *tree, subject);
    const Truth expected = world.oracle().ask({subject}, permission, object);
    if (truth != expected)
      return fmt::format("{}: {} instead of {}", what, static_cast<int>(truth), static_cast<int>(expected));
  }
  return {};
}

}  // namespace allauth::policy
