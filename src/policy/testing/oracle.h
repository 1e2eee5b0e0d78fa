// For tests: what a schema says about given relationships, computed in the most obvious way and without the
// engine. Slow: everything about everybody is derived again and again until nothing changes.
//
// For one subject each place (a relation, a permission or any operand of one, on one object) holds or not.
// Positive rules are applied until nothing more follows. What stands right of "-" and what denies is read
// from the round before: alternately too little and too much is assumed, and both come closer until they
// stand still (the well-founded model by Van Gelder's alternating fixpoint). What then follows from too
// little only, but not from too much, is undefined, which counts as no.
//
// A member holds if its rule says so and it is not denied. Denied is what a role of the subject is denied by
// a grant, and with it what refers to it: through names, "+", "&", the left side of "-" and arrows, but not
// through usersets. On the right of "-" each member that is named is one of its own: if it is denied, it does
// not hold, and what stands beside it is not touched.
//
// An object is shut if it, or anything that it comes to by the arrows `->can_enter` of its `can_enter`, has
// an edge of the relation `closed`. Of a shut object nothing holds for whom its `can_enter` does not.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/graph.h"
#include "policy/ref.h"
#include "policy/schema/resolved_schema.h"

namespace allauth::policy {

class Oracle {
 public:
  // The schema must outlive the oracle.
  explicit Oracle(const ResolvedSchema& schema);

  // Relationships, and what a role is granted instead of what it was granted before. All must fit the schema.
  void relate(const Edge& edge);
  void grant(const ObjectRef& object, std::string_view role, Effect effect,
             const std::vector<std::string_view>& actions);

  enum class Truth { no, undefined, yes };
  Truth ask(const SubjectRef& subject, std::string_view member, const ObjectRef& object);

  // Whatever was mentioned so far, but not "*". Views live as long as the oracle.
  std::vector<ObjectRef> objects() const;

 private:
  using ObjectId = std::size_t;
  struct Object {
    DefinitionId kind;
    std::string id;
    bool operator==(const Object&) const = default;
  };
  struct Subject {
    ObjectId object;
    NameId relation;
    auto operator<=>(const Subject&) const = default;
  };
  // A member or an operand. The nodes of a definition begin with its members.
  struct Node {
    const ResolvedMember* member;  // or
    const ResolvedExpr* expr;
    std::vector<std::size_t> parts;
  };
  struct Model {
    std::vector<std::vector<bool>> holds;  // by object and node
    std::vector<std::vector<bool>> denied;
    bool operator==(const Model&) const = default;
  };
  struct Round {
    const Subject& subject;
    const Model& assumed;
    Model model;
  };
  struct Answers {
    Model certain;
    Model possible;
  };

  bool is_shut(ObjectId object) const;
  std::size_t add_node(DefinitionId definition, const ResolvedExpr& expr);
  DefinitionId kind(std::string_view name) const;
  NameId name(std::string_view name) const;
  ObjectId intern(const ObjectRef& object);
  Model nothing() const;
  const Answers& answers(const Subject& subject);
  Model consequences(const Subject& subject, const Model& assumed) const;
  bool follows(const Round& round, ObjectId object, const Node& node) const;
  bool is_stored(const Round& round, ObjectId object, NameId relation) const;
  bool arrow_holds(const Round& round, ObjectId object, const ResolvedExpr& arrow) const;
  bool is_granted(const Round& round, ObjectId object, NameId action, Effect effect) const;
  bool is_denied(const Round& round, ObjectId object, const Node& node) const;
  bool at(const std::vector<std::vector<bool>>& places, ObjectId object, NameId member) const;

  const ResolvedSchema& schema_;
  std::vector<std::vector<Node>> nodes_;  // by definition
  std::deque<Object> objects_;            // what objects() refers to stays where it is
  std::map<std::pair<ObjectId, NameId>, std::vector<Subject>> edges_;
  std::map<std::tuple<ObjectId, ObjectId, Effect>, std::vector<NameId>> grants_;  // object, role
  std::map<Subject, Answers> answers_;
};

}  // namespace allauth::policy
