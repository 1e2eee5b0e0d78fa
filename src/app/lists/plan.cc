#include "app/lists/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/lists/page_token.h"
#include "base/text.h"

namespace allauth::app {
namespace {

using store::Direction;
using store::PlaceValue;

constexpr std::size_t kDefaultSize = 50;
constexpr std::size_t kMaxOrder = 64;

std::unexpected<Error> bad_order(const store::List& list) {
  std::vector<std::string_view> words;
  for (const auto& order : list.orders()) words.push_back(order.word);
  return fail(
      Code::invalid, "list.order",
      fmt::format("This list can be in the order of {}, each also with \" desc\".", fmt::join(words, ", ")),
      "order_by");
}

// "name", "name asc" or "name desc".
Result<void> parse_order(const store::List& list, std::string_view text, ListPlan& plan) {
  if (text.empty()) {
    plan.order = &list.orders().front();
    plan.direction = list.rule().descending ? Direction::descending : Direction::ascending;
    return {};
  }
  if (text.size() > kMaxOrder) return bad_order(list);
  const auto space = std::min(text.find(' '), text.size());
  const auto way = text.substr(space);
  plan.order = list.find_order(text.substr(0, space));
  plan.direction = way == " desc" ? Direction::descending : Direction::ascending;
  if (plan.order == nullptr || (!way.empty() && way != " desc" && way != " asc")) return bad_order(list);
  return {};
}

// Rows that an exact filter finds are found by the index of its column: they have one value there, so their
// order by the key is the same. A login name finds one row at most.
void use_exact_filters(const store::List& list, const ListFilter& filter, ListPlan& plan) {
  const bool by_key = plan.order == &list.orders().front();
  const auto use = [&](std::string_view word, const std::string& value, bool any_order) {
    const auto* order = value.empty() ? nullptr : list.find_order(word);
    if (order != nullptr && (by_key || any_order)) plan.order = order;
  };
  use("name", filter.name, false);
  use("username", filter.username, true);
  use("email", filter.email, true);
}

struct Range {
  std::optional<PlaceValue> low, high;
};

// No text that is stored in these columns holds a control character.
Range exactly(const std::string& text) { return {text, text + '\x01'}; }

// Up to what follows the last of its leading ASCII characters; the filter looks at the rest.
Range beginning_with(const std::string& prefix) {
  std::string high;
  for (const char c : prefix) {
    if (static_cast<unsigned char>(c) >= 0x7E) break;
    high += c;
  }
  if (high.empty()) return {prefix, std::nullopt};
  ++high.back();
  return {prefix, high};
}

Range text_range(const std::string& exact, const std::string& prefix) {
  if (!exact.empty()) return exactly(exact);
  if (!prefix.empty()) return beginning_with(prefix);
  return {};
}

Range time_range(const std::optional<Instant>& from, const std::optional<Instant>& to) {
  Range range;
  if (from) range.low = to_millis(*from);
  if (to) range.high = to_millis(*to);
  return range;
}

Range range_of(std::string_view column, const ListFilter& filter) {
  if (column == "name") return text_range(filter.name, {});
  if (column == "email") return text_range(filter.email, filter.email_prefix);
  if (column == "username") return text_range(filter.username, filter.username_prefix);
  if (column == "resource_id")
    return text_range(filter.related.resource_id, filter.related.resource_id_prefix);
  if (column == "relation") return text_range(filter.related.relation, {});
  if (column == "created_at") return time_range(filter.created_after, filter.created_before);
  if (column == "updated_at") return time_range(filter.updated_after, filter.updated_before);
  return {};
}

store::Place beginning_of(const ListPlan& plan) {
  const auto& edge = plan.direction == Direction::ascending ? plan.low : plan.high;
  if (edge) return store::place_at(*plan.order, *edge);
  return store::first_place(*plan.order, plan.direction);
}

std::string made_for(const store::List& list, const ListPlan& plan, const ListFilter& filter,
                     std::span<const sql::Value> parent) {
  std::string text = fmt::format("{} {} {} ", list.rule().name, plan.order->word,
                                 plan.direction == Direction::ascending ? "asc" : "desc");
  for (const auto& bind : parent)
    if (bind.type() == sql::Value::Type::text)
      text += fmt::format("{}:{};", bind.bytes().size(), bind.bytes());
  return text + fingerprint(filter);
}

}  // namespace

bool ListPlan::is_past(const store::Place& place) const {
  if (direction == Direction::ascending) return high && place.front() >= *high;
  return low && place.front() < *low;
}

Result<ListPlan> plan_list(const store::List& list, const ListRequest& request,
                           std::span<const sql::Value> parent) {
  if (request.size > kMaxPageSize)
    return fail(Code::invalid, "page.size", "A page has 1 to 1000 items.", "page_size");
  if (request.offset && !request.token.empty())
    return fail(Code::invalid, "list.offset", "Give a page token or an offset, not both.", "offset");
  TRY(check_filter(request.filter));
  ListPlan plan{.size = request.size == 0 ? kDefaultSize : request.size,
                .offset = request.offset.value_or(0),
                .total = request.count || request.offset.has_value()};
  TRY(parse_order(list, request.order_by, plan));
  use_exact_filters(list, request.filter, plan);
  auto range = range_of(plan.order->fields.front()->column, request.filter);
  plan.low = std::move(range.low);
  plan.high = std::move(range.high);
  plan.beginning = beginning_of(plan);
  plan.from = plan.beginning;
  plan.made_for = made_for(list, plan, request.filter, parent);
  if (request.token.empty()) return plan;
  auto from = parse_page_token(request.token, plan.made_for, *plan.order);
  if (!from)
    return fail(Code::invalid, "page.token",
                "This is not a page token of this list in this order and with this filter.", "page_token");
  plan.from = std::move(*from);
  return plan;
}

}  // namespace allauth::app
