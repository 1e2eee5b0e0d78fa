#include "app/policy/relationship_rules.h"

#include <fmt/format.h>

#include "policy/schema/names.h"

namespace allauth::app {
namespace {

Result<void> check_kind(std::string_view kind, std::string_view field) {
  if (policy::is_path(kind)) return {};
  return fail(Code::invalid, "policy.name.invalid", "Give a kind, as the schema names it.",
              std::string(field));
}

// Also what is a permission has such a name.
Result<void> check_relation(std::string_view relation, std::string_view field) {
  if (policy::is_name(relation)) return {};
  return fail(Code::invalid, "policy.name.invalid", "Give a relation, as the schema names it.",
              std::string(field));
}

Result<void> check_id(std::string_view id, std::string_view field) {
  if (is_related_id(id)) return {};
  return fail(Code::invalid, "policy.id.invalid",
              "An id has 1 to 1024 characters of A-Z a-z 0-9 and / _ | - = + . ~ : @.", std::string(field));
}

std::unexpected<Error> filter_error(std::string message, std::string field) {
  return fail(Code::invalid, "policy.filter.invalid", std::move(message), std::move(field));
}

}  // namespace

bool can_be_kind(std::string_view name) { return policy::is_path(name); }

Result<void> check_form(const Relationship& row) {
  TRY(check_kind(row.resource_kind, "resource.kind"));
  TRY(check_id(row.resource_id, "resource.id"));
  TRY(check_relation(row.relation, "relation"));
  TRY(check_kind(row.subject_kind, "subject.kind"));
  if (row.subject_id != policy::kEveryone) TRY(check_id(row.subject_id, "subject.id"));
  if (!row.subject_relation.empty()) TRY(check_relation(row.subject_relation, "subject_relation"));
  return {};
}

Result<void> check_form(const RelationshipFilter& filter) {
  if (filter.resource_kind.empty())
    return fail(Code::invalid, "policy.filter.kind", "Say which kind of resources is meant.",
                "resource_kind");
  TRY(check_kind(filter.resource_kind, "resource_kind"));
  if (!filter.resource_id.empty()) TRY(check_id(filter.resource_id, "resource_id"));
  if (!filter.resource_id_prefix.empty()) TRY(check_id(filter.resource_id_prefix, "resource_id_prefix"));
  if (!filter.relation.empty()) TRY(check_relation(filter.relation, "relation"));
  if (!filter.subject_kind.empty()) TRY(check_kind(filter.subject_kind, "subject_kind"));
  if (!filter.subject_id.empty() && filter.subject_id != policy::kEveryone)
    TRY(check_id(filter.subject_id, "subject_id"));
  if (filter.subject_relation && !filter.subject_relation->empty())
    TRY(check_relation(*filter.subject_relation, "subject_relation"));
  if (!filter.resource_id.empty() && !filter.resource_id_prefix.empty())
    return filter_error("Give an id or how it begins, not both.", "resource_id_prefix");
  if (filter.subject_kind.empty() && (!filter.subject_id.empty() || filter.subject_relation))
    return filter_error("The id or the relation of a subject needs its kind.", "subject_kind");
  return {};
}

Result<void> check_own(const policy::CompiledSchema& schema, std::string_view resource_kind) {
  if (!schema.find_definition(resource_kind))
    return fail(Code::invalid, "policy.kind.unknown",
                fmt::format("The policy has no kind \"{}\".", resource_kind));
  if (is_own_kind(resource_kind)) return {};
  return fail(Code::invalid, "policy.relationship.managed",
              fmt::format("Relationships of a {} follow from the directory and from roles; change those.",
                          resource_kind));
}

Result<void> check_filter(const policy::CompiledSchema& schema, const RelationshipFilter& filter) {
  TRY(check_own(schema, filter.resource_kind));
  const auto kind = schema.find_definition(filter.resource_kind);
  const auto* relation = filter.relation.empty() ? nullptr : schema.find_member(*kind, filter.relation);
  if (!filter.relation.empty() && (relation == nullptr || relation->kind != policy::Member::Kind::relation))
    return fail(Code::invalid, "policy.relation.unknown",
                fmt::format("A {} has no relation \"{}\".", filter.resource_kind, filter.relation),
                "relation");
  if (!filter.subject_kind.empty() && !schema.find_definition(filter.subject_kind))
    return fail(Code::invalid, "policy.kind.unknown",
                fmt::format("The policy has no kind \"{}\".", filter.subject_kind), "subject_kind");
  return {};
}

policy::Edge edge_of(const Relationship& row) {
  return {{row.resource_kind, row.resource_id},
          row.relation,
          {{row.subject_kind, row.subject_id}, row.subject_relation}};
}

}  // namespace allauth::app
