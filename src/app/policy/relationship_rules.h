// What a relationship and a filter must be before anybody looks for them: names and ids of sizes that can be,
// of kinds that are the installation's own.
#pragma once

#include "model/relationship.h"
#include "policy/graph.h"

namespace allauth::app {

// Whether a kind can have this name, of a schema or not.
bool can_be_kind(std::string_view name);

// By form alone. Errors, all invalid, with the field: policy.name.invalid, policy.id.invalid.
Result<void> check_form(const Relationship& row);
// Errors, all invalid: those, policy.filter.kind (no kind of resources), policy.filter.invalid (parts that do
// not go together).
Result<void> check_form(const RelationshipFilter& filter);

// Whether relationships of such resources are written by anybody. Errors, both invalid: policy.kind.unknown;
// policy.relationship.managed, for kinds of the product, whose relationships follow from its directory.
Result<void> check_own(const policy::CompiledSchema& schema, std::string_view resource_kind);
// Whether the schema has what the filter names. Errors: those of check_own; policy.kind.unknown (of the
// subject), policy.relation.unknown.
Result<void> check_filter(const policy::CompiledSchema& schema, const RelationshipFilter& filter);

policy::Edge edge_of(const Relationship& row);

}  // namespace allauth::app
