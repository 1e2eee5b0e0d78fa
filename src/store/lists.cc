#include "store/lists.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace allauth::store {
namespace {

// Behind all text that is stored in columns with an order: none of it has more than 128 characters.
const std::string& behind_all_text() {
  static const std::string text = [] {
    std::string made;
    for (int i = 0; i <= 128; ++i) made += "\xF4\x8F\xBF\xBF";
    return made;
  }();
  return text;
}

bool is_number(const FieldShape& field) { return field.type->kind == MemberType::Kind::integer; }

const FieldShape* find_field(const Shape& shape, std::string_view column) {
  const auto found = std::ranges::find(shape.fields, column, &FieldShape::column);
  return found == shape.fields.end() ? nullptr : &*found;
}

std::string joined(const ListOrder& order, std::string_view after_each) {
  std::string out;
  for (const auto* field : order.fields)
    fmt::format_to(std::back_inserter(out), "{}{}{}", out.empty() ? "" : ", ", field->column, after_each);
  return out;
}

std::string numbered(int first, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    fmt::format_to(std::back_inserter(out), "{}${}", out.empty() ? "" : ", ",
                   static_cast<std::size_t>(first) + i);
  return out;
}

// How many binds the condition of a list has.
int binds_of(std::string_view where) { return sql::Statement::generated("list.where", where).parameters(); }

}  // namespace

bool ListOrder::is_number() const { return store::is_number(*fields.front()); }

List::List(const Shape& shape, Rule rule) : shape_(shape), rule_(std::move(rule)) {
  make_order(std::string(rule_.key_word), rule_.key);
  for (const auto& column : rule_.columns) {
    std::vector<Column> columns{column};
    if (!column.unique) columns.insert(columns.end(), rule_.key.begin(), rule_.key.end());
    make_order(std::string(column.name), columns);
  }
  if (rule_.few) return;
  for (auto& order : orders_) make_statements(order);
  count_text_ = fmt::format("SELECT count(*) FROM (SELECT 1 FROM {}{}{} LIMIT ${}) AS part", shape_.table,
                            rule_.where.empty() ? "" : " WHERE ", rule_.where, binds_of(rule_.where) + 1);
  count_ = sql::Statement::generated(rule_.name, count_text_);
}

void List::make_order(std::string word, std::span<const Column> columns) {
  ListOrder order{.word = std::move(word), .fields = {}, .texts = {}};
  for (const auto& column : columns) order.fields.push_back(find_field(shape_, column.name));
  orders_.push_back(std::move(order));
}

void List::make_statements(ListOrder& order) {
  const int first = binds_of(rule_.where) + 1;
  const int limit = first + static_cast<int>(order.fields.size());
  for (const auto direction : {Direction::ascending, Direction::descending}) {
    const bool up = direction == Direction::ascending;
    auto& text = order.texts[static_cast<std::size_t>(direction)];
    text = fmt::format("SELECT {{columns}} FROM {} WHERE {}{}({}) {} ({}) ORDER BY {} LIMIT ${} OFFSET ${}",
                       shape_.table, rule_.where, rule_.where.empty() ? "" : " AND ", joined(order, ""),
                       up ? ">" : "<", numbered(first, order.fields.size()), joined(order, up ? "" : " DESC"),
                       limit, limit + 1);
    order.statements[static_cast<std::size_t>(direction)] =
        sql::Statement::generated(rule_.name, text).with_columns(shape_.columns);
  }
}

const ListOrder* List::find_order(std::string_view word) const {
  const auto found = std::ranges::find(orders_, word, &ListOrder::word);
  return found == orders_.end() ? nullptr : &*found;
}

Place place_of(const ListOrder& order, const void* row) {
  Place place;
  for (const auto* field : order.fields) {
    const void* member = member_of(row, field->offset);
    if (is_number(*field))
      place.emplace_back(field->type->integer(member).value_or(0));
    else
      place.emplace_back(std::string(field->type->bytes(member)));
  }
  return place;
}

Place first_place(const ListOrder& order, Direction direction) {
  using Number = std::numeric_limits<std::int64_t>;
  const bool up = direction == Direction::ascending;
  Place place;
  for (const auto* field : order.fields) {
    if (is_number(*field))
      place.emplace_back(up ? Number::min() : Number::max());
    else
      place.emplace_back(up ? std::string() : behind_all_text());
  }
  return place;
}

Place place_at(const ListOrder& order, PlaceValue value) {
  Place place = first_place(order, Direction::ascending);
  place.front() = std::move(value);
  return place;
}

std::vector<sql::Value> list_binds(std::span<const sql::Value> parent, const Place& from, ListRange range) {
  std::vector<sql::Value> binds(parent.begin(), parent.end());
  for (const auto& value : from) std::visit([&binds](const auto& v) { binds.push_back(to_value(v)); }, value);
  binds.push_back(to_value(range.limit));
  binds.push_back(to_value(range.offset));
  return binds;
}

Result<std::int64_t> count_list(Read& read, const List& list, std::span<const sql::Value> parent,
                                std::size_t most) {
  std::vector<sql::Value> binds(parent.begin(), parent.end());
  binds.push_back(to_value(most));
  return count_rows(read, list.count(), binds);
}

}  // namespace allauth::store
