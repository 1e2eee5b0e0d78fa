// Putting a client or channel into a group, or out of one.
#pragma once

#include <memory>

#include "app/directory/change.h"
#include "app/directory/place.h"

namespace allauth::app {

// Takes two permits: to move the thing, and to make such things where it goes. Else whoever decides
// about the destination could be given things that nobody meant for them. `note` names the act.
template <class Move, class Create, class Note>
auto move_into(const Core& core, Permit<Move> permit, Permit<Create> into, std::optional<Revision> expected,
               Note note) {
  using Row = std::conditional_t<std::is_same_v<typename Move::Object, ClientId>, Client, Channel>;
  auto held = std::make_shared<Permit<Create>>(std::move(into));
  return guarded<Row>(
      core, std::move(permit), [&core, held, expected, note](store::Tx& tx, const auto& p) -> Result<Row> {
        TRY(Gate(core).confirm(*held));
        TRY(require_container(tx, held->object(), "group_id"));
        TRY(auto row, require_row<Row>(tx, p.object()));
        if (row.domain != held->object().domain()) return missing_object();
        TRY(row, change_row(tx, p.caller(), std::move(row), expected, [&](Row& changed) -> Result<void> {
              changed.group = held->object().group();
              return {};
            }));
        tx.takes_rights();
        note(tx, p.caller(), row);
        return row;
      });
}

}  // namespace allauth::app
