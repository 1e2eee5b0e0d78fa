// What a request for a page of a list comes to: which way to go through the rows, and from where to where.
#pragma once

#include <optional>
#include <string>

#include "app/lists/filter.h"
#include "store/lists.h"

namespace allauth::app {

// As the caller said it.
struct ListRequest {
  std::size_t size = 0;  // 1 to 1000; 0: 50
  std::string token;     // where the page begins; empty: at the beginning
  // Instead of a token: after so many. Takes time in proportion, so it is for those who need it.
  std::optional<std::size_t> offset{};
  bool count = false;    // say how many there are in all; said with an offset always
  std::string order_by;  // "name", "created_at desc"; empty: the list's own
  ListFilter filter{};

  // Work that one request may be. A page that is filtered ends early at the first; what is counted,
  // filtered or not, is an error beyond the others.
  std::size_t most_examined = 10'000;
  std::size_t most_counted_filtered = 100'000;
  std::size_t most_counted = 1'000'000;
};

inline constexpr std::size_t kMaxPageSize = 1000;

struct ListPlan {
  const store::ListOrder* order = nullptr;
  store::Direction direction = store::Direction::ascending;
  std::size_t size = 0;
  std::size_t offset = 0;
  bool total = false;
  std::string made_for;    // what its page tokens are good for
  store::Place from;       // the page begins behind it
  store::Place beginning;  // the first page does
  // By the first column of the order: from `low` on, up to but without `high`.
  std::optional<store::PlaceValue> low, high;

  // Whether a row at this place, and all behind it, are out of range.
  bool is_past(const store::Place& place) const;
};

// `parent`: the binds of the list's rule; text among them is part of what tokens are good for.
// Errors, all invalid: page.size, page.token, list.order, list.offset, list.filter.
Result<ListPlan> plan_list(const store::List& list, const ListRequest& request,
                           std::span<const sql::Value> parent);

}  // namespace allauth::app
