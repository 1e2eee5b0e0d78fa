// A page of a list: what every list method answers from.
//
//   Result<Page<Client>> list_clients(read, permit, const ListRequest& request) {
//     return list_page<Client>(read, store::list::clients_of_domain(), request, permit.object());
//   }
//
// A page costs the same wherever it begins, unless it is asked for by offset. A filtered page ends when
// enough rows were looked at, so it may be short, or empty, though there are more: next_token says so.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "app/lists/page_token.h"
#include "app/lists/plan.h"
#include "app/lists/row_walk.h"

namespace allauth::app {

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_token;              // empty on the last page
  std::optional<std::uint32_t> total;  // of all that match, where it was asked for
};

std::unexpected<Error> too_many_to_count(std::size_t most);

// How many rows match. Error: invalid list.too_many.
template <class T>
Result<std::uint32_t> count_matching(store::Read& read, const store::List& list, const ListRequest& request,
                                     const ListPlan& plan, const Matcher& matcher,
                                     std::span<const sql::Value> parent) {
  if (!matcher.is_narrowing()) {
    TRY(const auto count, store::count_list(read, list, parent, request.most_counted + 1));
    if (static_cast<std::size_t>(count) > request.most_counted)
      return too_many_to_count(request.most_counted);
    return static_cast<std::uint32_t>(count);
  }
  RowWalk<T> walk(read, plan, parent, plan.beginning, kMaxPageSize);
  std::uint32_t count = 0;
  for (std::size_t cost = 0; cost <= request.most_counted_filtered;) {
    TRY(const auto row, walk.next());
    if (!row) return count;
    cost += matcher.cost(*row);
    if (matcher.matches(*row)) ++count;
  }
  return too_many_to_count(request.most_counted_filtered);
}

// The items of a page, of rows that are looked at one by one.
template <class T>
Result<void> fill_page(Page<T>& page, RowWalk<T>& walk, const ListPlan& plan, const Matcher& matcher,
                       std::size_t skip, std::size_t most_examined) {
  std::size_t cost = 0;
  while (page.items.size() < plan.size) {
    TRY(auto row, walk.next());
    if (!row) return {};
    cost += matcher.cost(*row);
    const bool wanted = !matcher.is_narrowing() || matcher.matches(*row);
    const bool skipped = wanted && skip > 0;
    if (skipped) --skip;
    if (wanted && !skipped) page.items.push_back(std::move(*row));
    if (matcher.is_narrowing() && cost >= most_examined) break;
  }
  TRY(const bool more, walk.has_next());
  if (more) page.next_token = make_page_token(walk.place(), plan.made_for);
  return {};
}

// Errors: those of plan_list, invalid list.too_many.
template <class T, class... Parent>
Result<Page<T>> list_page(store::Read& read, const store::List& list, const ListRequest& request,
                          const Parent&... parent_values) {
  const std::array<sql::Value, sizeof...(Parent)> parent{store::to_value(parent_values)...};
  TRY(const ListPlan plan, plan_list(list, request, parent));
  const Matcher matcher(request.filter);
  Page<T> page;
  if (plan.total) {
    TRY(page.total, count_matching<T>(read, list, request, plan, matcher, parent));
  }
  if (page.total && plan.offset >= *page.total && plan.offset > 0) return page;
  // The database skips rows faster than we do.
  const bool by_index = !matcher.is_narrowing();
  RowWalk<T> walk(read, plan, parent, plan.from, plan.size + 1, by_index ? plan.offset : 0);
  const auto most = request.offset ? request.most_counted_filtered : request.most_examined;
  TRY(fill_page(page, walk, plan, matcher, by_index ? 0 : plan.offset, most));
  return page;
}

// The same of rows that are few and here already; `list` has no statements.
template <class T, class... Parent>
Result<Page<T>> list_few(std::vector<T> rows, const store::List& list, const ListRequest& request,
                         const Parent&... parent_values) {
  const std::array<sql::Value, sizeof...(Parent)> parent{store::to_value(parent_values)...};
  TRY(const ListPlan plan, plan_list(list, request, parent));
  const Matcher matcher(request.filter);
  std::erase_if(rows, [&](const T& row) { return !matcher.matches(row); });
  const auto place = [&plan](const T& row) { return store::place_of(*plan.order, &row); };
  const auto before = [&plan](const store::Place& a, const store::Place& b) {
    return plan.direction == store::Direction::ascending ? a < b : b < a;
  };
  std::ranges::sort(rows, before, place);
  Page<T> page;
  if (plan.total) page.total = static_cast<std::uint32_t>(rows.size());
  const auto from = std::ranges::upper_bound(rows, plan.from, before, place);
  const auto skip = std::min(static_cast<std::size_t>(from - rows.begin()) + plan.offset, rows.size());
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(skip));
  if (rows.size() > plan.size) {
    rows.resize(plan.size);
    page.next_token = make_page_token(place(rows.back()), plan.made_for);
  }
  page.items = std::move(rows);
  return page;
}

}  // namespace allauth::app
