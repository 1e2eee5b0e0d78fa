// What all changes of an entity have in common: it must exist, must not have changed under the
// caller, gets a new stamp and an act in the log.
#pragma once

#include <optional>
#include <string>

#include "app/access/gate.h"
#include "app/caller.h"
#include "model/entities.h"
#include "store/rows.h"
#include "store/write.h"

namespace allauth::app {

inline Stamp fresh_stamp(const store::Tx& tx, const Caller& caller) {
  const std::string& who = caller.who.principal.id;
  return {.created_at = tx.now(),
          .created_by = who,
          .updated_at = tx.now(),
          .updated_by = who,
          .revision = tx.revision()};
}

inline void touch(Stamp& stamp, const store::Tx& tx, const Caller& caller) {
  stamp.updated_at = tx.now();
  stamp.updated_by = caller.who.principal.id;
}

inline store::Act act_of(const Caller& caller, std::string_view slug, std::string_view target_kind,
                         std::string_view target_id, std::string_view domain = {}) {
  return {.slug = std::string(slug),
          .actor_kind = std::string(to_string(caller.who.principal.kind)),
          .actor_id = caller.who.principal.id,
          .domain_id = std::string(domain),
          .request_id = caller.request_id,
          .target_kind = std::string(target_kind),
          .target_id = std::string(target_id)};
}

inline std::unexpected<Error> missing_object() {
  return fail(Code::not_found, "object.missing", "There is no such thing, or not for you.");
}

// The row with this key, as it is under the writer's lock.
template <class Row, class... Key>
Result<Row> require_row(store::Read& read, const Key&... key) {
  TRY(auto found, store::find<Row>(read, key...));
  if (!found) return missing_object();
  return std::move(*found);
}

// `expected`: the revision that the caller saw (If-Match); nothing: any.
inline Result<void> check_revision(const Stamp& stamp, std::optional<Revision> expected) {
  if (!expected || stamp.revision == *expected) return {};
  return fail(Code::stale, "revision.stale", "It was changed since you read it; read it again.");
}

// Changes a row that was required before; `edit(row)` answers Result<void>.
template <class Row, class Edit>
Result<Row> change_row(store::Tx& tx, const Caller& caller, Row row, std::optional<Revision> expected,
                       Edit edit) {
  TRY(check_revision(row.stamp, expected));
  TRY(edit(row));
  touch(row.stamp, tx, caller);
  TRY(store::update(tx, row));
  return row;
}

}  // namespace allauth::app
