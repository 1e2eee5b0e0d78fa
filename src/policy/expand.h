// Why some hold a relation or permission: the tree of what it says, with the stored subjects as its leaves.
// Pure and thread-safe.
//
// Permissions, relations that are referred to and arrows are expanded; a stored userset (group:staff#member)
// stays as it is. Where a permission on an object comes up again below itself, it is not expanded once more;
// where it comes up elsewhere it is, so the tree of data with many cycles can be too large to be made.
// The tree takes no account of the identity doc:1#view of doc:1#view, which is the same for every place, nor
// of whether the object is closed.
#pragma once

#include <string>
#include <vector>

#include "policy/budget.h"
#include "policy/graph.h"

namespace allauth::policy {

struct Expansion {
  // Views into the graph and its schema, valid as long as these and the query live.
  struct Node {
    enum class Kind : std::uint8_t { leaf, union_, intersection, exclusion };
    Kind kind = Kind::leaf;
    ObjectRef object;           // that is expanded
    std::string_view relation;  // or permission
    bool again = false;         // an empty leaf, because a node above is the same: a cycle in the data
    std::vector<SubjectRef> subjects = {};  // of a leaf: objects first, then usersets, each by kind and id
    std::vector<SubjectRef> denied = {};    // of a leaf: roles that are denied it, and so what refers to it
    std::vector<std::uint32_t> children = {};  // of others: in nodes; of an exclusion the first is the base
  };
  std::vector<Node> nodes;  // the first is the root
};

struct ExpandQuery {
  ObjectRef object;
  std::string_view permission;  // or a relation
  Limits limits = {};
};

// Errors: policy.kind.unknown, policy.permission.unknown, policy.id.invalid (all Code::invalid),
// policy.work.exceeded (Code::exhausted: the tree is too large), policy.stopped (Code::unavailable).
Result<Expansion> expand(const Graph& graph, const ExpandQuery& query);

}  // namespace allauth::policy
