// Lists: the rows under one parent in an order that callers choose among a few, page by page. Each order is
// an index of what the list is of, the column, and the key that makes the order total; a page is read from a
// place in it, so it costs the same wherever it begins. The statements are made here, once, from constants;
// all_lists() is for the test that looks at their plans.
//
//   const auto* order = list::clients_of_domain().find_order("name");
//   TRY(auto rows, list_rows<Client>(read, list::clients_of_domain(), {order, Direction::descending}, parent,
//                                    first_place(*order, Direction::descending), {.limit = 51}));
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/rows.h"

namespace allauth::store {

enum class Direction : std::uint8_t { ascending, descending };

// The values of the columns that rows are in the order of, the key last: a place between two rows. Text is
// compared bytewise, as in all that is stored.
using PlaceValue = std::variant<std::int64_t, std::string>;
using Place = std::vector<PlaceValue>;

struct ListOrder {
  std::string word;                       // what callers say: "created_at"
  std::vector<const FieldShape*> fields;  // the column, then the key; or the key alone
  std::array<std::string, 2> texts;
  // By Direction. Binds: those of the list, a Place, limit, offset.
  std::array<sql::Statement, 2> statements{Shape::kNoStatement, Shape::kNoStatement};

  const sql::Statement& statement(Direction d) const { return statements[static_cast<std::size_t>(d)]; }
  bool is_number() const;  // by the first column
};

class List {
 public:
  struct Column {
    std::string_view name;
    bool unique = false;  // under the parent, so that it needs no key behind it
  };
  struct Rule {
    std::string_view name;        // for metrics: "client.list"
    std::string_view where;       // "domain_id = $1"; empty: all rows of the table
    std::string_view key_word;    // what callers call the order of the key
    std::vector<Column> key;      // unique under the parent
    std::vector<Column> columns;  // further orders, each with an index
    bool descending = false;      // the order where callers name none is that of the key, newest first
    bool few = false;             // never many: read as a whole, and without statements of its own
  };
  List(const Shape& shape, Rule rule);
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  const Shape& shape() const { return shape_; }
  const Rule& rule() const { return rule_; }
  // The first is that of the key.
  std::span<const ListOrder> orders() const { return orders_; }
  const ListOrder* find_order(std::string_view word) const;
  // Binds: those of the list, and the number at which counting ends.
  const sql::Statement& count() const { return count_; }

 private:
  void make_order(std::string word, std::span<const Column> columns);
  void make_statements(ListOrder& order);

  const Shape& shape_;
  Rule rule_;
  std::vector<ListOrder> orders_;
  std::string count_text_;
  sql::Statement count_ = Shape::kNoStatement;
};

// Where a row is in an order, as a row of the list's type.
Place place_of(const ListOrder& order, const void* row);
// Before all rows in this direction.
Place first_place(const ListOrder& order, Direction direction);
// Before all rows of this direction whose first column has the value, or lies behind it: ascending
// (`inclusive`) or descending (exclusive), as ranges are that hold their beginning and not their end.
Place place_at(const ListOrder& order, PlaceValue value);

struct ListRange {
  std::size_t limit = 0;
  std::size_t offset = 0;
};

// The binds of a statement of a list. They borrow from parent and place.
std::vector<sql::Value> list_binds(std::span<const sql::Value> parent, const Place& from, ListRange range);

// The rows behind a place. `parent`: the binds of the list's rule.
template <class T>
Result<std::vector<T>> list_rows(Read& read, const ListOrder& order, Direction direction,
                                 std::span<const sql::Value> parent, const Place& from, ListRange range) {
  std::vector<T> rows;
  T scratch;
  TRY(select_rows(read, shape_of<T>(), order.statement(direction), list_binds(parent, from, range), &scratch,
                  [&rows](void* row) -> Result<void> {
                    rows.push_back(std::move(*static_cast<T*>(row)));
                    return {};
                  }));
  return rows;
}

// How many rows there are, counted up to `most`.
Result<std::int64_t> count_list(Read& read, const List& list, std::span<const sql::Value> parent,
                                std::size_t most);

namespace list {
const List& users();
const List& domains();
const List& clients_of_domain();
const List& clients_of_group();
const List& channels_of_domain();
const List& channels_of_group();
const List& groups_of_domain();
const List& groups_of_parent();
const List& connections_of_channel();
const List& connections_of_client();
const List& groups_of_channel();  // as connections
const List& connections_of_group();
const List& members_of_domain();  // by their built-in role
const List& roles_of_scope();
const List& members_of_role();
const List& roles_of_subject();  // as memberships
const List& domains_of_user();   // as memberships, by the built-in role there
const List& keys_of_client();
const List& tokens_of_user();
const List& live_sessions_of_user();
const List& nodes();
const List& relationships_of_kind();
const List& relationships_of_object();
const List& relationships_of_subject();  // on objects of a kind
const List& relationships_at_hand();     // of kinds that are no rows
const List& extensions_of_domain();      // of one kind of a dialect
const List& extensions_of_parent();
}  // namespace list

std::vector<const List*> all_lists();

}  // namespace allauth::store
