// Every type of row there is, owners before what belongs to them: who reads the state in this order
// never meets a row that refers to one still to come. First of all the schema, which says what there can be.
#pragma once

#include <tuple>
#include <utility>

#include "model/access.h"
#include "model/entities.h"
#include "model/extension.h"
#include "model/policy.h"
#include "model/relationship.h"

namespace allauth {

using AllRows =
    std::tuple<PolicySchema, User, Domain, Group, Client, Channel, Connection, GroupConnection, Role,
               RoleMember, Credential, Session, StoredKey, Setting, Relationship, Annotation, Extension>;

// Calls fn(row) with a default row of every type.
template <class Fn>
void for_each_row_type(Fn&& fn) {
  std::apply([&fn](auto... rows) { (fn(rows), ...); }, AllRows{});
}

}  // namespace allauth
