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

// These are part of every check, so they are put into their callers.

// Errors: policy.kind.unknown.
inline Result<DefinitionId> locate_kind(const CompiledSchema& schema, std::string_view kind) {
  if (const auto found = schema.find_definition(kind)) return *found;
  return unknown_kind(kind);
}

// Errors: policy.permission.unknown.
inline Result<MemberId> locate_member(const CompiledSchema& schema, DefinitionId kind, std::string_view name) {
  if (const Member* const member = schema.find_member(kind, name)) return schema.id(*member);
  return unknown_permission(schema.definition_name(kind), name);
}

// Whoever is asked about: objects of a kind, or the holders of a relation or permission on them.
struct SubjectKind {
  DefinitionId definition;
  NameId relation;  // kItself: the objects
};
// Errors: policy.kind.unknown, policy.permission.unknown.
inline Result<SubjectKind> locate_subject_kind(const CompiledSchema& schema, std::string_view kind,
                                               std::string_view relation) {
  TRY(const DefinitionId definition, locate_kind(schema, kind));
  if (relation.empty()) return SubjectKind{definition, kItself};
  TRY(const MemberId member, locate_member(schema, definition, relation));
  return SubjectKind{definition, schema.member(member).name};
}

// Errors: policy.id.invalid, if it is `*`.
inline Result<void> require_object_id(std::string_view id) {
  if (id != kEveryone) return {};
  return no_object();
}
// Errors: policy.subject.wildcard, if it is `*`.
inline Result<void> require_subject_id(std::string_view id) {
  if (id != kEveryone) return {};
  return no_subject();
}

// The node of everybody of that kind; kNoNode if no relationship names it, or the question is not about
// bare objects.
NodeId everyone_of(const Graph& graph, const SubjectKind& kind);

// For a budget that is spent: policy.stopped (Code::unavailable) or policy.work.exceeded (Code::exhausted).
std::unexpected<Error> given_up(const Budget& budget);

}  // namespace allauth::policy
