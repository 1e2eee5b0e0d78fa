// Relationships by what is known of them, found by an index wherever there is one.
#pragma once

#include <vector>

#include "model/relationship.h"
#include "store/rows.h"

namespace allauth::store {

// At most so many that the filter means, in no order. It names a kind of resources.
Result<std::vector<Relationship>> find_relationships(Read& read, const RelationshipFilter& filter,
                                                     std::size_t limit);

// What the function above may run, for the test that looks at query plans.
std::vector<sql::Statement> relationship_statements();

}  // namespace allauth::store
