#include "policy/validation/holders.h"

#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/expand.h"
#include "policy/lookup_subjects.h"

namespace allauth::policy {
namespace {

constexpr std::uint64_t kRevision = 1;        // of a graph that has no other
constexpr std::size_t kMaxNodes = 5'000'000;  // of trees, looked at for all subjects together

using Node = Expansion::Node;

std::unexpected<Error> too_much() {
  return fail(Code::exhausted, "policy.work.exceeded",
              "There are too many who hold this to compare them all.");
}

class HolderFinder {
 public:
  HolderFinder(const Engine& engine, const Graph& graph, const SubjectRef& place)
      : engine_(engine), graph_(graph), place_(place) {}

  Result<std::vector<Holder>> run() {
    TRY(collect());
    std::vector<Holder> holders;
    for (const auto& [text, subject] : candidates_) {
      Holder holder{.subject = text};
      TRY(const bool holds,
          subject.object.id == kEveryone ? everyone_holds(subject, holder) : holds_at(subject, place_));
      if (!holds) continue;
      TRY(add_ways(subject, holder));
      holders.push_back(std::move(holder));
    }
    return holders;
  }

 private:
  // All who are named somewhere, but not those whom an exclusion takes away.
  Result<void> collect() {
    std::vector<SubjectRef> todo{place_};
    for (std::size_t i = 0; i < todo.size(); ++i) {
      TRY(const Expansion* tree, tree_of(todo[i]));
      for (const Node* leaf : leaves_given(*tree))
        for (const SubjectRef& subject : leaf->subjects)
          if (candidates_.emplace(to_text(subject), subject).second && !subject.relation.empty())
            todo.push_back(subject);
    }
    return {};
  }

  static std::vector<const Node*> leaves_given(const Expansion& tree) {
    std::vector<const Node*> leaves;
    std::vector<std::uint32_t> todo{0};
    for (std::size_t i = 0; i < todo.size(); ++i) {
      const Node& node = tree.nodes[todo[i]];
      if (node.kind == Node::Kind::leaf) leaves.push_back(&node);
      const bool only_base = node.kind == Node::Kind::exclusion && !node.children.empty();
      todo.insert(todo.end(), node.children.begin(),
                  only_base ? node.children.begin() + 1 : node.children.end());
    }
    return leaves;
  }

  Result<const Expansion*> tree_of(const SubjectRef& place) {
    const auto [at, fresh] = trees_.try_emplace(to_text(place));
    if (fresh) {
      TRY(at->second, expand(graph_, {.object = place.object, .permission = place.relation}));
    }
    return &at->second;
  }

  Result<bool> holds_at(const SubjectRef& subject, const SubjectRef& place) const {
    TRY(const Decision decision,
        engine_.check(graph_, kRevision,
                      {.subject = subject, .permission = place.relation, .object = place.object}));
    return decision.allowed();
  }

  Result<bool> everyone_holds(const SubjectRef& subject, Holder& holder) const {
    TRY(const SubjectPage page,
        lookup_subjects(
            graph_, kRevision,
            {.object = place_.object, .permission = place_.relation, .kind = subject.object.kind}));
    for (const std::string& id : page.excluded)
      holder.exceptions.insert(fmt::format("{}:{}", subject.object.kind, id));
    return page.everyone;
  }

  // What a subtree says about one subject.
  struct Ways {
    bool hold = false;
    std::set<std::string> through = {};
    std::set<std::string> through_all = {};
    std::vector<SubjectRef> usersets = {};  // that it is in, to go on from

    void merge(const Ways& other) {
      through.insert(other.through.begin(), other.through.end());
      through_all.insert(other.through_all.begin(), other.through_all.end());
      usersets.insert(usersets.end(), other.usersets.begin(), other.usersets.end());
    }
  };

  Result<void> add_ways(const SubjectRef& subject, Holder& holder) {
    std::vector<SubjectRef> todo{place_};
    for (std::size_t i = 0; i < todo.size(); ++i) {
      TRY(const Expansion* tree, tree_of(todo[i]));
      TRY(const Ways ways, ways_in(*tree, subject));
      holder.through.insert(ways.through.begin(), ways.through.end());
      holder.through_all.insert(ways.through_all.begin(), ways.through_all.end());
      for (const SubjectRef& userset : ways.usersets)
        if (std::ranges::find(todo, userset) == todo.end()) todo.push_back(userset);
    }
    return {};
  }

  // From the leaves to the root: children come behind their parents.
  Result<Ways> ways_in(const Expansion& tree, const SubjectRef& subject) {
    if ((looked_at_ += tree.nodes.size()) > kMaxNodes) return too_much();
    std::vector<Ways> ways(tree.nodes.size());
    for (std::size_t at = tree.nodes.size(); at-- > 0;) {
      const Node& node = tree.nodes[at];
      if (node.kind == Node::Kind::leaf) {
        TRY(ways[at], ways_at(node, subject));
      } else {
        join(node, ways, ways[at]);
      }
    }
    return std::move(ways[0]);
  }

  Result<Ways> ways_at(const Node& leaf, const SubjectRef& subject) const {
    Ways ways;
    const std::string here = to_text({leaf.object, leaf.relation});
    for (const SubjectRef& stored : leaf.subjects) {
      if (stored == subject) {
        ways.through.insert(here);
      } else if (stored.object.id == kEveryone) {
        if (subject.relation.empty() && stored.object.kind == subject.object.kind)
          ways.through_all.insert(here);
      } else if (!stored.relation.empty() && subject.object.id != kEveryone) {
        TRY(const bool in, holds_at(subject, stored));
        if (in) ways.usersets.push_back(stored);
      }
    }
    ways.hold = !ways.through.empty() || !ways.through_all.empty() || !ways.usersets.empty();
    return ways;
  }

  static void join(const Node& node, const std::vector<Ways>& all, Ways& into) {
    const bool any = node.kind == Node::Kind::union_;
    into.hold = !any && !node.children.empty();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Ways& child = all[node.children[i]];
      const bool taken_away = node.kind == Node::Kind::exclusion && i > 0;
      into.hold = any ? into.hold || child.hold : into.hold && child.hold != taken_away;
    }
    if (!into.hold) return;
    for (std::size_t i = 0; i < node.children.size(); ++i)
      if (all[node.children[i]].hold) into.merge(all[node.children[i]]);
  }

  const Engine& engine_;
  const Graph& graph_;
  const SubjectRef place_;
  std::map<std::string, SubjectRef> candidates_;
  std::map<std::string, Expansion> trees_;
  std::size_t looked_at_ = 0;
};

}  // namespace

std::string to_text(const SubjectRef& subject) {
  return fmt::format("{}:{}{}{}", subject.object.kind, subject.object.id, subject.relation.empty() ? "" : "#",
                     subject.relation);
}

std::string to_expected_text(const Holder& holder) {
  const auto& through = holder.through.empty() ? holder.through_all : holder.through;
  return fmt::format("[{}{}{}{}] is {}{}{}", holder.subject, holder.exceptions.empty() ? "" : " - {",
                     fmt::join(holder.exceptions, ", "), holder.exceptions.empty() ? "" : "}",
                     through.empty() ? "" : "<", fmt::join(through, ">/<"), through.empty() ? "" : ">");
}

Result<std::vector<Holder>> find_holders(const Engine& engine, const Graph& graph, const SubjectRef& place) {
  return HolderFinder(engine, graph, place).run();
}

}  // namespace allauth::policy
