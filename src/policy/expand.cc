#include "policy/expand.h"

#include <algorithm>
#include <tuple>

#include "policy/locate.h"

namespace allauth::policy {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

// Builds the tree level by level, so that its depth takes no stack.
class Expander {
 public:
  Expander(const Graph& graph, Budget& budget) : graph_(graph), schema_(graph.schema()), budget_(budget) {}

  // False: the budget is spent.
  bool run(const ObjectRef& object, NodeId node, MemberId member) {
    add_member(kNone, object, node, member);
    for (std::size_t at = 0; at < todo_.size() && !budget_.spent(); ++at)
      fill(static_cast<std::uint32_t>(at));
    return !budget_.spent();
  }

  Expansion take() { return std::move(tree_); }

 private:
  // What is behind a node of the tree; the two have the same number.
  struct Todo {
    std::uint32_t parent;
    NodeId node;
    MemberId member;                         // that it belongs to
    bool whole = false;                      // it is the member itself, not an operand of it
    const Expression* expression = nullptr;  // nullptr: a relation, or nothing more to do
  };

  std::uint32_t add(const ObjectRef& object, std::string_view relation, const Todo& todo) {
    const auto at = static_cast<std::uint32_t>(todo_.size());
    budget_.spend(1);
    tree_.nodes.push_back({.object = object, .relation = relation});
    todo_.push_back(todo);
    if (todo.parent != kNone) tree_.nodes[todo.parent].children.push_back(at);
    return at;
  }

  void add_member(std::uint32_t parent, const ObjectRef& object, NodeId node, MemberId id) {
    const Member& member = schema_.member(id);
    const bool again = is_above(parent, node, id);
    const bool permission = member.kind == Member::Kind::permission;
    const std::uint32_t at =
        add(object, schema_.name(member.name),
            {parent, node, id, true, permission && !again ? &schema_.expression(id) : nullptr});
    tree_.nodes[at].again = again;
    if (!permission) fill_leaf(at, node, member);
  }

  bool is_above(std::uint32_t at, NodeId node, MemberId member) {
    for (; at != kNone; at = todo_[at].parent) {
      budget_.spend(1);
      if (todo_[at].whole && todo_[at].node == node && todo_[at].member == member) return true;
    }
    return false;
  }

  void fill(std::uint32_t at) {
    const Todo todo = todo_[at];
    if (todo.expression == nullptr) return;
    const Expression& expression = *todo.expression;
    const auto set = [&](Expansion::Node::Kind kind) { tree_.nodes[at].kind = kind; };
    switch (expression.kind) {
      case Expression::Kind::union_:
        set(Expansion::Node::Kind::union_);
        return add_parts(at, expression);
      case Expression::Kind::intersection:
        set(Expansion::Node::Kind::intersection);
        return add_parts(at, expression);
      case Expression::Kind::exclusion:
        set(Expansion::Node::Kind::exclusion);
        return add_parts(at, expression);
      default:
        break;
    }
    // What is no operator by itself is a union of one.
    if (todo.whole) {
      set(Expansion::Node::Kind::union_);
      return add_part(at, expression);
    }
    if (expression.kind == Expression::Kind::self)
      tree_.nodes[at].subjects.push_back({tree_.nodes[at].object});
    if (expression.kind != Expression::Kind::arrow && expression.kind != Expression::Kind::every) return;
    set(expression.kind == Expression::Kind::arrow ? Expansion::Node::Kind::union_
                                                   : Expansion::Node::Kind::intersection);
    add_far_ends(at, expression);
  }

  void add_parts(std::uint32_t at, const Expression& expression) {
    for (const Expression& part : expression.parts) add_part(at, part);
  }

  void add_part(std::uint32_t at, const Expression& part) {
    const Todo above = todo_[at];
    const ObjectRef object = tree_.nodes[at].object;
    if (part.kind == Expression::Kind::reference) {
      const DefinitionId definition = schema_.member(above.member).definition;
      return add_member(at, object, above.node, schema_.id(*schema_.find_member(definition, part.name)));
    }
    add(object, tree_.nodes[at].relation, {at, above.node, above.member, false, &part});
  }

  void add_far_ends(std::uint32_t at, const Expression& arrow) {
    for (const NodeId node : far_ends(todo_[at].node, arrow.name)) {
      const ObjectRef object = graph_.name(node);
      if (const Member* member = schema_.find_member(graph_.definition(node), arrow.target))
        add_member(at, object, node, schema_.id(*member));
      else
        add(object, schema_.name(arrow.target), {.parent = at, .node = node, .member = 0});
      if (budget_.spent()) return;
    }
  }

  // Each once, with whatever relation it is a subject.
  std::vector<NodeId> far_ends(NodeId node, NameId relation) {
    std::vector<NodeId> found;
    graph_.subjects(node).visit(Label::relation(relation, kItself), Label::relation(relation, kMaxName),
                                [&](Label, std::span<const NodeId> nodes) {
                                  found.insert(found.end(), nodes.begin(), nodes.end());
                                  budget_.spend(nodes.size());
                                  return !budget_.spent();
                                });
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
  }

  void fill_leaf(std::uint32_t at, NodeId node, const Member& member) {
    Expansion::Node& leaf = tree_.nodes[at];
    if (member.kind == Member::Kind::granted) {
      leaf.subjects = roles(node, member, Label::grants());
      leaf.denied = roles(node, member, Label::denials());
      return;
    }
    graph_.subjects(node).visit(Label::relation(member.name, kItself), Label::relation(member.name, kMaxName),
                                [&](Label label, std::span<const NodeId> nodes) {
                                  const auto relation = static_cast<NameId>(label.bits() & kMaxName);
                                  return take(leaf.subjects, nodes, schema_.name(relation));
                                });
    sort(leaf.subjects);
  }

  std::vector<SubjectRef> roles(NodeId node, const Member& member, std::pair<Label, Label> labels) {
    std::vector<SubjectRef> found;
    graph_.subjects(node).visit(labels.first, labels.second, [&](Label label, std::span<const NodeId> nodes) {
      return !graph_.holds(label.action_set(), member.name) ||
             take(found, nodes, schema_.name(member.forms[0].relation));
    });
    sort(found);
    return found;
  }

  bool take(std::vector<SubjectRef>& into, std::span<const NodeId> nodes, std::string_view relation) {
    budget_.spend(nodes.size());
    for (const NodeId subject : nodes) into.push_back({graph_.name(subject), relation});
    return !budget_.spent();
  }

  static void sort(std::vector<SubjectRef>& subjects) {
    std::ranges::sort(subjects, {}, [](const SubjectRef& one) {
      return std::tuple(!one.relation.empty(), one.object.kind, one.object.id, one.relation);
    });
  }

  const Graph& graph_;
  const CompiledSchema& schema_;
  Budget& budget_;
  Expansion tree_;
  std::vector<Todo> todo_;
};

}  // namespace

Result<Expansion> expand(const Graph& graph, const ExpandQuery& query) {
  const CompiledSchema& schema = graph.schema();
  TRY(const DefinitionId kind, locate_kind(schema, query.object.kind));
  TRY(const MemberId member, locate_member(schema, kind, query.permission));
  if (query.object.id == kEveryone) return no_object();
  Budget budget(query.limits);
  Expander expander(graph, budget);
  if (!expander.run(query.object, graph.find(kind, query.object.id), member)) return given_up(budget);
  return expander.take();
}

}  // namespace allauth::policy
