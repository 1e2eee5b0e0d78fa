// What a credential may be used for at most, whatever its owner may do: a list of scopes. Immutable values;
// thread-safe.
//
// Asked is for a permission on an object. A scope covers it
//   a) if the object is of the scope's kind and the scope's one object, or any, and the permission is that
//      for the scope's operation: scope "client read" covers can_read on clients;
//   b) if the object is where things of the scope's kind lie, and the permission is that for the operation
//      on all of them there: scope "client create", of any id, covers can_client_create on domains, groups
//      and the platform.
// A scope with a domain covers only what lies in it, and the domain itself.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/graph.h"
#include "policy/ref.h"

namespace allauth::policy {

struct Scope {
  std::string kind;       // "client", "domain", "shop/document"; "*": any
  std::string operation;  // "read", "client_create": a permission without its can_; "*": any
  std::string domain;     // empty: everywhere
  std::string id = "*";   // of the object; "*": any

  friend auto operator<=>(const Scope&, const Scope&) = default;
};

// "kind operation domain id", as which scopes are stored and typed; `*` where one is any. The last two may be
// left out. Kinds and operations are words of 1-64 of a-z 0-9 _, which need not be known to any schema; a
// kind may have a prefix ("shop/document"). Error: invalid scope.invalid.
Result<Scope> parse_scope(std::string_view text);
// The same from its parts, where empty is "*" for domain and id.
Result<Scope> make_scope(std::string_view kind, std::string_view operation, std::string_view domain,
                         std::string_view id);
std::string to_text(const Scope& scope);

struct Restrictions {
  std::vector<Scope> scopes;  // none: nothing at all

  friend bool operator==(const Restrictions&, const Restrictions&) = default;
};

// What is asked for, as far as scopes look at it.
struct Ask {
  std::string_view permission;
  ObjectRef object;
  std::string_view domain = {};  // that the object lies in; empty: in none
};
bool covers(const Restrictions& restrictions, const Ask& ask);
// The same, where the domain is looked up only if a scope asks for it. `node`: the object's. Does not
// allocate.
bool covers(const Restrictions& restrictions, const Graph& graph, std::string_view permission,
            const ObjectRef& object, NodeId node);

// The domain that an object lies in, by what its `can_enter` refers to (CompiledSchema::ways_in); of a domain
// its own id. Empty if it lies in none, or in more than one thing.
std::string_view domain_of(const Graph& graph, const ObjectRef& object, NodeId node);

// One that would cover it, of no domain: which one the object lies in is not for everybody to know.
Scope missing_scope(std::string_view permission, const ObjectRef& object);

// Of the objects of a kind in one domain (empty: outside of all), those on which a permission is covered.
struct Covered {
  bool all = false;
  std::vector<std::string_view> ids = {};  // sorted, each once; none if all; borrowed from the restrictions

  bool none() const { return !all && ids.empty(); }
  bool has(std::string_view id) const { return all || std::ranges::binary_search(ids, id); }
};
Covered covered(const Restrictions& restrictions, std::string_view kind, std::string_view permission,
                std::string_view domain);

}  // namespace allauth::policy
