// The version after this one, for tests of upgrade and roll-back: it knows one migration more, adds a
// column to the users with it, and writes that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/entities.h"
#include "store/migrate.h"
#include "store/rows.h"

namespace allauth::store::testing {

// What this version knows, and the step that the next one adds.
inline std::span<const Migration> next_migrations(std::span<const Migration> ours) {
  static const std::vector<Migration> all = [ours] {
    std::vector<Migration> made(ours.begin(), ours.end());
    made.push_back({.version = static_cast<int>(made.size()) + 1,
                    .min_compatible = 1,
                    .text = "ALTER TABLE users ADD COLUMN nickname {{text}} NOT NULL DEFAULT '';"});
    return made;
  }();
  return all;
}

// A user as the next version knows it.
struct NextUser : User {
  std::string nickname;

  template <class Self, class Field>
  static void describe(Self& user, Field&& field) {
    User::describe(user, field);
    field(20, "nickname", user.nickname);
  }
};

// What the next version does that this one cannot.
inline Write<Done> give_nickname(UserId id, std::string nickname) {
  return {.recheck = {}, .run = [id = std::move(id), nickname = std::move(nickname)](Tx& tx) -> Result<Done> {
            TRY(auto user, find<NextUser>(tx, id));
            if (!user) return fail(Code::not_found, "row.missing", "There is no such user.");
            user->nickname = nickname;
            TRY(update(tx, *user));
            tx.act({.slug = "user.nicknamed", .target_kind = "user", .target_id = id.str()});
            return Done{};
          }};
}

}  // namespace allauth::store::testing
