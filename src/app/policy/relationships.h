// Relationships of the installation's own kinds: written, deleted and listed. Whatever one request changes is
// one write with one revision, all or nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "app/access/gate.h"
#include "app/lists/list_page.h"
#include "model/relationship.h"

namespace allauth::app {

inline constexpr std::size_t kMaxUpdates = 1000;
inline constexpr std::size_t kMaxPreconditions = 1000;
inline constexpr std::size_t kDeletedAtOnce = 1000;  // unless asked for more
inline constexpr std::size_t kMaxDeleted = 10'000;

struct RelationshipUpdate {
  enum class Operation : std::uint8_t {
    create,  // an error if it is there
    touch,   // it is there afterwards
    erase,   // it is not there afterwards
  };
  Operation operation = Operation::touch;
  Relationship relationship;  // its key
};

// Whether there must be a relationship that the filter means, or must not be, before anything is changed.
struct Precondition {
  RelationshipFilter filter;
  bool must_match = true;
};

struct RelationshipChanges {
  std::vector<RelationshipUpdate> updates;  // of different relationships
  std::vector<Precondition> preconditions;
};

struct RelationshipsWritten {
  std::uint32_t written = 0;  // that were not there before
  std::uint32_t deleted = 0;  // that were there before
  Revision revision{};
};

// Errors: invalid policy.updates.count, policy.preconditions.count, policy.relationship.repeated and those
// of relationship_rules.h; those of policy::Graph::check; conflict policy.relationship.exists,
// policy.precondition.failed; exhausted policy.relationships.limit.
Result<store::Write<RelationshipsWritten>> write_relationships(const Core& core,
                                                               Permit<act::WriteRelationships> permit,
                                                               RelationshipChanges changes);

struct RelationshipDeletion {
  RelationshipFilter filter;
  std::vector<Precondition> preconditions;
  std::size_t limit = kDeletedAtOnce;
  bool partial = false;  // of more than the limit, delete so many; else it is an error
};

struct RelationshipsDeleted {
  std::uint32_t deleted = 0;
  bool more = false;  // left of what the filter means
  Revision revision{};
};

// Errors: invalid policy.delete.limit, policy.preconditions.count, those of relationship_rules.h; conflict
// policy.precondition.failed, policy.delete.more.
Result<store::Write<RelationshipsDeleted>> delete_relationships(const Core& core,
                                                                Permit<act::WriteRelationships> permit,
                                                                RelationshipDeletion deletion);

// In the order of resource, relation, subject. Those of the product's own kinds follow from its directory and
// are told for one object or one subject, from the newest snapshot; what roles grant is told as well.
// Errors: those of list_page and relationship_rules.h; invalid policy.filter.object.
Result<Page<Relationship>> list_relationships(store::Read& read, const Core& core,
                                              const Permit<act::ReadPolicy>& permit,
                                              const RelationshipFilter& filter, ListRequest request);

}  // namespace allauth::app
