// The names of a question, looked up in the schema, and what is said when the work was too much. Internal to
// the engine and the look-ups.
#pragma once

#include <string_view>

#include "base/error.h"
#include "policy/budget.h"
#include "policy/place.h"
#include "policy/ref.h"

namespace allauth::policy {

// What is said of names that the schema lacks: policy.kind.unknown, policy.permission.unknown.
std::unexpected<Error> unknown_kind(std::string_view kind);
std::unexpected<Error> unknown_permission(std::string_view kind, std::string_view name);
// What is said of `*` where it cannot stand: policy.id.invalid, policy.subject.wildcard.
std::unexpected<Error> no_object();
std::unexpected<Error> no_subject();

// For look-ups. A check, where every moment counts, does without Results for this.

// Errors: policy.kind.unknown.
Result<DefinitionId> locate_kind(const CompiledSchema& schema, std::string_view kind);

// Errors: policy.permission.unknown.
Result<MemberId> locate_member(const CompiledSchema& schema, DefinitionId kind, std::string_view name);

// Whoever is asked about: objects of a kind, or the holders of a relation or permission on them.
struct SubjectKind {
  DefinitionId definition;
  NameId relation;  // kItself: the objects
};
// Errors: policy.kind.unknown, policy.permission.unknown.
Result<SubjectKind> locate_subject_kind(const CompiledSchema& schema, std::string_view kind,
                                        std::string_view relation);

// The node of everybody of that kind; kNoNode if no relationship names it, or the question is not about
// bare objects.
inline NodeId everyone_of(const Graph& graph, const SubjectKind& kind) {
  return kind.relation == kItself && graph.schema().has_wildcards(kind.definition)
             ? graph.find(kind.definition, kEveryone)
             : kNoNode;
}

// For a budget that is spent: policy.stopped (Code::unavailable) or policy.work.exceeded (Code::exhausted).
std::unexpected<Error> given_up(const Budget& budget);

}  // namespace allauth::policy
