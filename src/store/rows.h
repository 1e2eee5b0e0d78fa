// Rows of any described type (model/describe.h) in and out of the database. Thin templates over
// store/shape.h; nothing here is per type but a few lines.
//
//   TRY(auto user, find<User>(read, id));                      // std::optional<User>
//   constexpr sql::Statement kOf("session.of_user", "SELECT {columns} FROM sessions WHERE user_id = $1");
//   TRY(auto sessions, select<Session>(read, kOf, user_id));   // std::vector<Session>
//   TRY(insert(tx, user));                                     // row, image and revision in one
#pragma once

#include <array>
#include <concepts>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "store/shape.h"
#include "store/to_value.h"
#include "store/write.h"

namespace allauth::store {

// The type-erased half. Rows are passed by address with the shape that describes them.
class RowWriter {
 public:
  enum class Change { insert, update, erase };
  static Result<void> change(Tx&, const Shape&, const void* row, Audience, Change);
};
using TakeRow = std::function<Result<void>(void* row)>;
Result<void> select_rows(Read&, const Shape&, const sql::Statement&, std::span<const sql::Value> binds,
                         void* scratch, const TakeRow& take);
Result<void> walk_rows(Read&, const Shape&, void* scratch, const TakeRow& take);
Result<std::int64_t> count_rows(Read&, const sql::Statement&, std::span<const sql::Value> binds);
Result<Image> image_of_row(const Shape&, const void* row, Audience);
// The key columns joined by '/', or as the row type has it. bug row.no_key: one of them is empty.
Result<std::string> key_of_row(const Shape&, const void* row);
// Many new rows at once, for a restore: they keep their revisions, and nothing goes into the log.
Result<void> insert_rows(sql::Session&, const Shape&, std::span<const void* const> rows);

// Writes a new row. conflict row.exists if its key, or what must be unique, is taken.
template <class T>
Result<void> insert(Tx& tx, T& row) {
  row.stamp.revision = tx.revision();
  return RowWriter::change(tx, shape_of<T>(), &row, audience_of(row), RowWriter::Change::insert);
}

// Writes all columns of the row with this key. not_found row.missing if there is none.
template <class T>
Result<void> update(Tx& tx, T& row) {
  row.stamp.revision = tx.revision();
  return RowWriter::change(tx, shape_of<T>(), &row, audience_of(row), RowWriter::Change::update);
}

// Deletes the row with this key (other members need not be filled in, but for what audience_of()
// looks at). not_found row.missing if there is none; conflict row.reference while others refer to it.
template <class T>
Result<void> erase(Tx& tx, const T& row) {
  return RowWriter::change(tx, shape_of<T>(), &row, audience_of(row), RowWriter::Change::erase);
}

// "id, name, …" in the order of the description.
template <class T>
std::string_view columns() {
  return shape_of<T>().columns;
}

// All rows that a SELECT with {columns} answers.
template <class T, class... Binds>
Result<std::vector<T>> select(Read& read, const sql::Statement& statement, const Binds&... binds) {
  std::vector<T> rows;
  T scratch;
  const std::array<sql::Value, sizeof...(Binds)> values{to_value(binds)...};
  TRY(select_rows(read, shape_of<T>(), statement, values, &scratch, [&rows](void* row) -> Result<void> {
    rows.push_back(std::move(*static_cast<T*>(row)));
    return {};
  }));
  return rows;
}

// The first row that a SELECT with {columns} answers.
template <class T, class... Binds>
Result<std::optional<T>> select_one(Read& read, const sql::Statement& statement, const Binds&... binds) {
  TRY(auto rows, select<T>(read, statement, binds...));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

// The row with this key, its parts in the order of the description.
template <class T, class... Key>
Result<std::optional<T>> find(Read& read, const Key&... key) {
  static_assert(sizeof...(Key) == T::kKeys, "give every part of the key");
  return select_one<T>(read, shape_of<T>().find, key...);
}

// Every row in the order of its key, read in pages, so that a table may be larger than memory.
// `fn(T&&)` answers Result<void>; an error ends the walk.
template <class T, class Fn>
Result<void> for_each(Read& read, Fn&& fn) {
  T scratch;
  return walk_rows(read, shape_of<T>(), &scratch,
                   [&fn](void* row) -> Result<void> { return fn(std::move(*static_cast<T*>(row))); });
}

// What the log holds of a row as it is.
template <class T>
Result<Image> image_of(const T& row) {
  return image_of_row(shape_of<T>(), &row, audience_of(row));
}

// The number of rows of a table; or the number that a SELECT count(*) … answers.
template <class T>
Result<std::int64_t> count(Read& read) {
  return count_rows(read, shape_of<T>().count, {});
}
template <class... Binds>
Result<std::int64_t> count(Read& read, const sql::Statement& statement, const Binds&... binds) {
  const std::array<sql::Value, sizeof...(Binds)> values{to_value(binds)...};
  return count_rows(read, statement, values);
}

}  // namespace allauth::store
