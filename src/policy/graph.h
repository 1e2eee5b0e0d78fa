// Who is related to what: an immutable set of relationships and grants, indexed in both directions.
// Copying a Graph is cheap and any number of threads may read it. Changes go through an Editor, which
// copies what it changes and the way to it, and leaves older versions as they were.
//
// A graph has a schema, and no relationship that it does not allow.
//
// Objects get numbers when they are first mentioned and keep them as long as any version lives, with
// their names; a graph built anew from state sheds those that are no longer used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/persistent/interner.h"
#include "base/persistent/radix_vector.h"
#include "policy/edge_set.h"
#include "policy/ref.h"
#include "policy/schema/schema.h"

namespace allauth::policy {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};
inline constexpr std::size_t kMaxObjectId = 1024;
class ReversePlans;

// Whether a grant gives, or takes away whatever gives it (decision 035).
enum class Effect { allow, deny };

class Graph {
 public:
  class Editor;

  explicit Graph(std::shared_ptr<const CompiledSchema> schema);

  const CompiledSchema& schema() const { return *schema_; }
  // Its plans read backwards. Not for callers of the engine.
  ReversePlans& reverse_plans() const { return *reverse_plans_; }
  // Relationships and grants (one per object, role and effect).
  std::uint64_t size() const { return size_; }
  bool has_denials() const { return denials_ != 0; }
  bool has_closed() const { return closed_ != 0; }
  bool is_closed(NodeId node) const;

  // Whether a schema lets it be stored. Errors: those of Editor::add().
  static Result<void> check(const CompiledSchema& schema, const Edge& edge);

  // Is this relationship stored? Grants that allow count: domain:d1#client_read@role:r1#member. What the
  // schema does not know is not stored.
  bool contains(const Edge& edge) const;

  // The same with some relationships more, for one question. What only they name is known to that graph
  // alone, so nothing stays behind. Costs some tens of microseconds for each relationship.
  // Errors: those of Editor::add(); policy.context.limit (Code::invalid).
  static constexpr std::size_t kMaxGuests = 100;
  Result<Graph> with(std::span<const Edge> guests) const;

  // The name of a node of this or an older version; its id is valid as long as any version lives, that of a
  // guest as long as the graph with it, and its kind as long as a graph of this schema.
  ObjectRef name(NodeId node) const;
  // kNoNode if no relationship ever mentioned it.
  NodeId find(DefinitionId definition, std::string_view id) const {
    return guest_names_ == nullptr ? names_->find(id, definition) : find_with_guests(definition, id);
  }
  // Two at once: an object and a subject of the same question.
  std::pair<NodeId, NodeId> find_both(DefinitionId first, std::string_view first_id, DefinitionId second,
                                      std::string_view second_id) const {
    if (guest_names_ == nullptr) return names_->find_both({first_id, first}, {second_id, second});
    return {find_with_guests(first, first_id), find_with_guests(second, second_id)};
  }
  DefinitionId definition(NodeId node) const {
    return is_guest(node) ? (*guest_names_)[node - kFirstGuest].definition
                          : static_cast<DefinitionId>(names_->space(node));
  }
  // The ids of many nodes, in less time than one by one. Empty for kNoNode.
  std::vector<std::string_view> ids(std::span<const NodeId> nodes) const;
  static bool is_guest(NodeId node) { return node >= kFirstGuest; }

  // Edges by label: from a resource to its subjects, and from a subject to its resources.
  const EdgeSet& subjects(NodeId node) const { return edges(forward_, node); }
  const EdgeSet& resources(NodeId node) const { return edges(reverse_, node); }
  // Does this interned action set hold the action?
  bool holds(std::uint32_t action_set, NameId action) const {
    const std::string_view bits = action_sets_->text(action_set);
    return std::size_t{action} / 8 < bits.size() && (bits[action / 8] >> (action % 8) & 1) != 0;
  }
  // Any of them (Plan::actions)?
  bool holds_any(std::uint32_t action_set, std::string_view actions) const;
  // The rule of a plan that a grant of this label comes by; `otherwise`: by none.
  MemberId rule_of_grant(const Plan& plan, Label label, MemberId otherwise) const;

 private:
  // Nodes of guests are numbered from here on, far from what the shared names will ever reach.
  static constexpr NodeId kFirstGuest = 0xC000'0000;
  struct GuestName {
    DefinitionId definition;
    std::string id;
  };
  NodeId find_with_guests(DefinitionId definition, std::string_view id) const;

  using Index = persistent::RadixVector<EdgeSet>;
  static const EdgeSet& edges(const Index& index, NodeId node) {
    static constinit const EdgeSet kNone;
    const EdgeSet* found = index.find(node);
    return found != nullptr ? *found : kNone;
  }

  std::shared_ptr<const CompiledSchema> schema_;
  std::shared_ptr<ReversePlans> reverse_plans_;          // of the schema
  std::shared_ptr<persistent::Interner> names_;          // append-only, shared by all versions
  std::shared_ptr<std::vector<GuestName>> guest_names_;  // nullptr: there are none; written by with() only
  std::shared_ptr<persistent::Interner> action_sets_;    // bitmaps over NameId
  Index forward_;
  Index reverse_;
  std::uint64_t size_ = 0;
  std::uint64_t denials_ = 0;  // of them, grants that deny
  std::uint64_t closed_ = 0;   // and those that close an object
};

// Changes one graph into the next. One thread; other threads may go on reading every version. An
// operation that fails changes nothing.
// Errors (Code::invalid): policy.kind.unknown, policy.relation.unknown, policy.relation.computed (a
// permission or a relation from grants cannot be stored), policy.subject.forbidden (not a type that the
// relation allows), policy.action.unknown, policy.action.never_denied, policy.id.invalid.
class Graph::Editor {
 public:
  explicit Editor(Graph base);

  // False: nothing to do.
  Result<bool> add(const Edge& edge);
  Result<bool> remove(const Edge& edge);
  // Makes `subject` the only one that the relation has, or takes away all that it has.
  Result<void> replace(const ObjectRef& resource, std::string_view relation,
                       const std::optional<SubjectRef>& subject);
  // Replaces what the role is granted, or denied, on the object; no actions: nothing any more. False: no
  // change.
  Result<bool> set_grants(const ObjectRef& object, std::string_view role_id, Effect effect,
                          std::span<const std::string_view> actions);
  // Takes back what the role is granted and denied anywhere else. Names the objects where something was.
  std::vector<ObjectRef> keep_grants(const ObjectRef& role, std::span<const ObjectRef> objects);

  // From now on by this schema, which goes on from the one before (SchemaSource::before); relationships that
  // it does not allow are dropped. Costs nothing that grows with the graph unless something is not allowed
  // any more. Error: bug policy.schema.mismatch.
  Result<void> set_schema(std::shared_ptr<const CompiledSchema> next);

  // The graph as it is now. The editor can go on from there.
  Graph freeze();

 private:
  struct Located {
    NodeId resource;
    NodeId subject;
    Label label;
  };
  friend class Graph;
  NodeId intern(DefinitionId definition, std::string_view id);
  Result<std::string> action_bits(DefinitionId kind, Effect effect,
                                  std::span<const std::string_view> actions) const;
  std::optional<Label> current_grant(NodeId object, NodeId role, Effect effect) const;
  Result<std::vector<Located>> held(const ObjectRef& resource, std::string_view relation) const;
  void link(const Located& edge);
  void unlink(const Located& edge);
  void drop(NodeId resource, NameId relation, const Form& form);
  bool closes(Label label) const;

  Graph base_;
  Index::Editor forward_;
  Index::Editor reverse_;
};

}  // namespace allauth::policy
