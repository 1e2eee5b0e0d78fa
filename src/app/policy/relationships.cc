#include "app/policy/relationships.h"

#include <set>

#include <fmt/format.h>

#include "app/directory/change.h"
#include "app/directory/common.h"
#include "app/policy/relationship_rules.h"
#include "app/policy/schema_use.h"
#include "store/relationships.h"

namespace allauth::app {
namespace {

using policy::CompiledSchema;
using Operation = RelationshipUpdate::Operation;

constexpr std::string_view kTarget = "relationships";

Result<void> check_preconditions(const std::vector<Precondition>& preconditions) {
  if (preconditions.size() > kMaxPreconditions)
    return fail(Code::invalid, "policy.preconditions.count", "Give at most 1000 preconditions.",
                "preconditions");
  for (std::size_t i = 0; i < preconditions.size(); ++i)
    TRY(in_item("preconditions", i, in_field("filter", check_form(preconditions[i].filter))));
  return {};
}

Result<void> check_changes(const RelationshipChanges& changes) {
  if (changes.updates.empty() || changes.updates.size() > kMaxUpdates)
    return fail(Code::invalid, "policy.updates.count", "Give 1 to 1000 updates.", "updates");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < changes.updates.size(); ++i) {
    const auto& row = changes.updates[i].relationship;
    TRY(in_item("updates", i, in_field("relationship", check_form(row))));
    if (!seen.insert(row.key_text()).second)
      return fail(Code::invalid, "policy.relationship.repeated",
                  "A relationship can be changed once in a request.", fmt::format("updates[{}]", i));
  }
  return check_preconditions(changes.preconditions);
}

Result<void> require_precondition(store::Read& read, const CompiledSchema& schema,
                                  const Precondition& precondition) {
  TRY(in_field("filter", check_filter(schema, precondition.filter)));
  TRY(const auto found, store::find_relationships(read, precondition.filter, 1));
  if (found.empty() != precondition.must_match) return {};
  if (found.empty())
    return fail(Code::conflict, "policy.precondition.failed", "There is no such relationship.");
  return fail(Code::conflict, "policy.precondition.failed",
              fmt::format("There is {}.", found.front().key_text()));
}

Result<void> require_all(store::Read& read, const CompiledSchema& schema,
                         const std::vector<Precondition>& preconditions) {
  for (std::size_t i = 0; i < preconditions.size(); ++i)
    TRY(in_item("preconditions", i, require_precondition(read, schema, preconditions[i])));
  return {};
}

Result<std::optional<Relationship>> find_stored(store::Read& read, const Relationship& row) {
  return store::find<Relationship>(read, row.resource_kind, row.resource_id, row.relation, row.subject_kind,
                                   row.subject_id, row.subject_relation);
}

Result<void> update_one(store::Tx& tx, const Caller& caller, const CompiledSchema& schema,
                        const RelationshipUpdate& update, RelationshipsWritten& done) {
  TRY(check_own(schema, update.relationship.resource_kind));
  TRY(policy::Graph::check(schema, edge_of(update.relationship)));
  TRY(const auto stored, find_stored(tx, update.relationship));
  if (update.operation == Operation::erase) {
    if (!stored) return {};
    ++done.deleted;
    return store::erase(tx, *stored);
  }
  if (stored && update.operation == Operation::create)
    return fail(Code::conflict, "policy.relationship.exists",
                fmt::format("{} is there already.", stored->key_text()));
  if (stored) return {};
  ++done.written;
  Relationship fresh = update.relationship;
  fresh.stamp = fresh_stamp(tx, caller);
  return store::insert(tx, fresh);
}

// With what this write has done. The newest snapshot knows how many there were; but it may lack writes of the
// same batch or of other nodes. Only if these could make the difference are the rows counted: that takes a
// while.
Result<std::uint64_t> count_most(store::Tx& tx, const Core& core, const RelationshipsWritten& done) {
  const auto& snapshot = core.now();
  const std::uint64_t known = snapshot.relationships() + done.written - done.deleted;
  const std::uint64_t unknown_writes = to_number(tx.revision()) - to_number(snapshot.revision()) - 1;
  const std::uint64_t at_most = known + unknown_writes * kMaxUpdates;
  if (unknown_writes == 0 || at_most <= core.most_relationships) return at_most;
  TRY(const std::int64_t counted, store::count<Relationship>(tx));
  return static_cast<std::uint64_t>(counted);
}

Result<void> require_room(store::Tx& tx, const Core& core, const RelationshipsWritten& done) {
  if (done.written <= done.deleted) return {};
  TRY(const auto most, count_most(tx, core, done));
  if (most <= core.most_relationships) return {};
  return fail(Code::exhausted, "policy.relationships.limit",
              fmt::format("There can be {} relationships in all (policy.max_relationships).",
                          core.most_relationships));
}

Result<RelationshipsWritten> update_all(store::Tx& tx, const Core& core, const Caller& caller,
                                        const RelationshipChanges& changes) {
  TRY(const auto schema, schema_in_force(tx, core));
  TRY(require_all(tx, *schema, changes.preconditions));
  RelationshipsWritten done{.revision = tx.revision()};
  for (std::size_t i = 0; i < changes.updates.size(); ++i)
    TRY(in_item("updates", i, update_one(tx, caller, *schema, changes.updates[i], done)));
  TRY(require_room(tx, core, done));
  tx.act(act_of(caller, "relationships.written", kTarget,
                fmt::format("{} written, {} deleted", done.written, done.deleted)));
  return done;
}

Result<RelationshipsDeleted> erase_all(store::Tx& tx, const Core& core, const Caller& caller,
                                       const RelationshipDeletion& deletion) {
  TRY(const auto schema, schema_in_force(tx, core));
  TRY(in_field("filter", check_filter(*schema, deletion.filter)));
  TRY(require_all(tx, *schema, deletion.preconditions));
  TRY(auto found, store::find_relationships(tx, deletion.filter, deletion.limit + 1));
  RelationshipsDeleted done{.more = found.size() > deletion.limit, .revision = tx.revision()};
  if (done.more && !deletion.partial)
    return fail(Code::conflict, "policy.delete.more",
                fmt::format("There are more than {}; allow to delete a part of them, or narrow the filter.",
                            deletion.limit),
                "limit");
  found.resize(std::min(found.size(), deletion.limit));
  for (const auto& row : found) TRY(store::erase(tx, row));
  done.deleted = static_cast<std::uint32_t>(found.size());
  tx.act(act_of(caller, "relationships.deleted", kTarget, fmt::format("{} deleted", done.deleted)));
  return done;
}

}  // namespace

Result<store::Write<RelationshipsWritten>> write_relationships(const Core& core,
                                                               Permit<act::WriteRelationships> permit,
                                                               RelationshipChanges changes) {
  TRY(check_changes(changes));
  return guarded<RelationshipsWritten>(
      core, std::move(permit),
      [&core, changes = std::move(changes)](store::Tx& tx, const auto& p) -> Result<RelationshipsWritten> {
        return update_all(tx, core, p.caller(), changes);
      });
}

Result<store::Write<RelationshipsDeleted>> delete_relationships(const Core& core,
                                                                Permit<act::WriteRelationships> permit,
                                                                RelationshipDeletion deletion) {
  if (deletion.limit < 1 || deletion.limit > kMaxDeleted)
    return fail(Code::invalid, "policy.delete.limit", "Delete 1 to 10000 at once.", "limit");
  TRY(in_field("filter", check_form(deletion.filter)));
  TRY(check_preconditions(deletion.preconditions));
  return guarded<RelationshipsDeleted>(
      core, std::move(permit),
      [&core, deletion = std::move(deletion)](store::Tx& tx, const auto& p) -> Result<RelationshipsDeleted> {
        return erase_all(tx, core, p.caller(), deletion);
      });
}

}  // namespace allauth::app
