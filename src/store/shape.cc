#include "store/shape.h"

#include <iterator>
#include <span>

#include <fmt/format.h>

namespace allauth::store {
namespace {

std::string joined(std::span<const FieldShape> fields) {
  std::string out;
  for (const auto& field : fields)
    fmt::format_to(std::back_inserter(out), "{}{}", out.empty() ? "" : ", ", field.column);
  return out;
}

// "$1, $2, $3"
std::string binds(std::size_t first, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    fmt::format_to(std::back_inserter(out), "{}${}", i == 0 ? "" : ", ", first + i);
  return out;
}

// "id = $3 AND other = $4"
std::string equals(std::span<const FieldShape> fields, std::size_t first, std::string_view separator) {
  std::string out;
  for (const auto& field : fields)
    fmt::format_to(std::back_inserter(out), "{}{} = ${}", out.empty() ? "" : separator, field.column,
                   first++);
  return out;
}

void finish_children(const Shape& shape, ChildShape& child) {
  child.insert = sql::Statement::generated(shape.table, child.insert_text);
  child.select = sql::Statement::generated(shape.table, child.select_text).with_columns(child.shape->columns);
  child.erase = sql::Statement::generated(shape.table, child.erase_text);
}

}  // namespace

void ShapeMaker::add_field(int number, std::string_view column, const void* member, const MemberType& type) {
  shape_.fields.push_back({number, column, static_cast<const std::byte*>(member) - row_, &type});
}

void ShapeMaker::add_children(int number, const void* member, const VectorType& type, const Shape& child,
                              std::string_view table, std::string_view owner) {
  const std::string count = binds(3, child.fields.size());
  shape_.children.push_back(
      {.number = number,
       .offset = static_cast<const std::byte*>(member) - row_,
       .type = &type,
       .shape = &child,
       .insert_text = fmt::format("INSERT INTO {} ({}, ordinal, {}) VALUES ($1, $2, {})", table, owner,
                                  child.columns, count),
       .select_text = fmt::format("SELECT {{columns}} FROM {} WHERE {} = $1 ORDER BY ordinal", table, owner),
       .erase_text = fmt::format("DELETE FROM {} WHERE {} = $1", table, owner),
       .insert = Shape::kNoStatement,
       .select = Shape::kNoStatement,
       .erase = Shape::kNoStatement});
}

void ShapeMaker::finish(Shape& shape) {
  shape.columns = joined(shape.fields);
  if (shape.table.empty()) return;  // a child: its statements are its owner's
  const std::span all(shape.fields);
  const auto keys = all.first(shape.keys);
  const auto others = all.subspan(shape.keys);
  const std::string key_list = joined(keys);
  shape.insert_text =
      fmt::format("INSERT INTO {} ({}) VALUES ({})", shape.table, shape.columns, binds(1, all.size()));
  shape.update_text = fmt::format("UPDATE {} SET {} WHERE {}", shape.table, equals(others, 1, ", "),
                                  equals(keys, others.size() + 1, " AND "));
  shape.erase_text = fmt::format("DELETE FROM {} WHERE {}", shape.table, equals(keys, 1, " AND "));
  shape.find_text = fmt::format("SELECT {{columns}} FROM {} WHERE {}", shape.table, equals(keys, 1, " AND "));
  shape.page_text = fmt::format("SELECT {{columns}} FROM {} WHERE ({}) > ({}) ORDER BY {} LIMIT ${}",
                                shape.table, key_list, binds(1, keys.size()), key_list, keys.size() + 1);
  shape.count_text = fmt::format("SELECT count(*) FROM {}", shape.table);
  shape.insert = sql::Statement::generated(shape.table, shape.insert_text);
  shape.update = sql::Statement::generated(shape.table, shape.update_text);
  shape.erase = sql::Statement::generated(shape.table, shape.erase_text);
  shape.find = sql::Statement::generated(shape.table, shape.find_text).with_columns(shape.columns);
  shape.page = sql::Statement::generated(shape.table, shape.page_text).with_columns(shape.columns);
  shape.count = sql::Statement::generated(shape.table, shape.count_text);
  for (auto& child : shape.children) finish_children(shape, child);
}

}  // namespace allauth::store
