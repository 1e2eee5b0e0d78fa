#include "policy/locate.h"

namespace allauth::policy {

std::unexpected<Error> unknown_kind(std::string_view kind) {
  return fail(Code::invalid, "policy.kind.unknown", fmt::format("The policy has no kind \"{}\".", kind));
}

std::unexpected<Error> unknown_permission(std::string_view kind, std::string_view name) {
  return fail(Code::invalid, "policy.permission.unknown",
              fmt::format("A {} has no relation or permission \"{}\".", kind, name));
}

std::unexpected<Error> no_object() {
  return fail(Code::invalid, "policy.id.invalid", "\"*\" is no object that something can be asked about.");
}

std::unexpected<Error> no_subject() {
  return fail(Code::invalid, "policy.subject.wildcard", "\"*\" is nobody whose rights could be asked for.");
}

Result<DefinitionId> locate_kind(const CompiledSchema& schema, std::string_view kind) {
  if (const auto found = schema.find_definition(kind)) return *found;
  return unknown_kind(kind);
}

Result<MemberId> locate_member(const CompiledSchema& schema, DefinitionId kind, std::string_view name) {
  if (const Member* const member = schema.find_member(kind, name)) return schema.id(*member);
  return unknown_permission(schema.definition_name(kind), name);
}

Result<SubjectKind> locate_subject_kind(const CompiledSchema& schema, std::string_view kind,
                                        std::string_view relation) {
  TRY(const DefinitionId definition, locate_kind(schema, kind));
  if (relation.empty()) return SubjectKind{definition, kItself};
  TRY(const MemberId member, locate_member(schema, definition, relation));
  return SubjectKind{definition, schema.member(member).name};
}

std::unexpected<Error> given_up(const Budget& budget) {
  if (budget.was_stopped())
    return fail(Code::unavailable, "policy.stopped", "The check was called off before it was done.");
  return fail(Code::exhausted, "policy.work.exceeded",
              "The check was given up, because it had to visit too many relationships.");
}

}  // namespace allauth::policy
