// Lists as whoever shows a token with scopes sees them: those rows that the scopes cover. There are two
// cases: scopes cover all rows under a parent, and the list is the one that everybody gets; or they name
// things, which are then few, and are fetched one by one.
#pragma once

#include <string>

#include "app/access/acts.h"
#include "app/caller.h"
#include "app/lists/list_page.h"

namespace allauth::app {

// What is listed: things of a kind that are in one domain; empty: in none.
struct Listed {
  std::string_view kind;
  std::string_view domain;
};

// Borrows from both.
inline policy::Covered covered_for(const Caller& caller, const Listed& listed) {
  const auto* restrictions = caller.who.restrictions.get();
  if (restrictions == nullptr) return {.all = true};
  return policy::covered(*restrictions, listed.kind, kReadPermission, listed.domain);
}

// The rows of these ids that there are and that belong into the list: belongs(const T&).
template <class T, class Belongs>
Result<std::vector<T>> rows_named(store::Read& read, const policy::Covered& covered, Belongs belongs) {
  std::vector<T> rows;
  for (const auto id : covered.ids) {
    TRY(auto row, store::find<T>(read, std::string(id)));
    if (row && belongs(*row)) rows.push_back(std::move(*row));
  }
  return rows;
}

// As list_page().
template <class T, class Belongs, class... Parent>
Result<Page<T>> list_covered(store::Read& read, const Caller& caller, const Listed& listed, Belongs belongs,
                             const store::List& list, const ListRequest& request,
                             const Parent&... parent_values) {
  const auto covered = covered_for(caller, listed);
  if (covered.all) return list_page<T>(read, list, request, parent_values...);
  TRY(auto rows, rows_named<T>(read, covered, belongs));
  return list_few(std::move(rows), list, request, parent_values...);
}

}  // namespace allauth::app
