// A row type's description (model/describe.h) as data: what is needed to bind, read, encode and
// decode any row without a template per type. One Shape per type, made on first use, immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "model/access.h"
#include "model/describe.h"
#include "model/extension.h"
#include "store/log.h"
#include "store/member.h"

namespace allauth::store {

struct Shape;

// One member of a row: its place in the image, its column, and how to get at it.
struct FieldShape {
  int number;
  std::string_view column;
  std::ptrdiff_t offset;
  const MemberType* type;
};

inline const void* member_of(const void* row, std::ptrdiff_t offset) {
  return static_cast<const std::byte*>(row) + offset;
}
inline void* member_of(void* row, std::ptrdiff_t offset) { return static_cast<std::byte*>(row) + offset; }

// An INSERT for one row, and one for so many rows.
struct InsertText {
  std::string one_text, many_text;
  std::size_t rows = 1;
  sql::Statement one = kNoStatement, many = kNoStatement;

  static constexpr sql::Statement kNoStatement{"none", "SELECT 1"};
};

// A vector of rows that belong to this one; stored in `table` by owner key and ordinal.
struct ChildShape {
  int number;
  std::ptrdiff_t offset;
  const VectorType* type;
  const Shape* shape;
  InsertText insert;
  std::string select_text, erase_text, erase_all_text;
  sql::Statement select, erase, erase_all;
};

struct Shape {
  std::string_view table;
  ImageKind kind{};
  std::size_t keys = 0;
  std::string (*key_text)(const void* row) = nullptr;  // null: the keys joined by "/"
  std::vector<FieldShape> fields;
  std::vector<ChildShape> children;
  std::string columns;
  InsertText insert;
  std::string update_text, erase_text, erase_all_text, find_text, page_text, count_text;
  sql::Statement update = kNoStatement, erase = kNoStatement, erase_all = kNoStatement, find = kNoStatement,
                 page = kNoStatement, count = kNoStatement;

  static constexpr sql::Statement kNoStatement{"none", "SELECT 1"};
};

// Where the rows of a child type are kept. Specialise for each.
template <class Child>
struct ChildTable;
template <>
struct ChildTable<RoleGrant> {
  static constexpr std::string_view kTable = "role_grants";
  static constexpr std::string_view kOwner = "role_id";
};

// Gathers what describe() tells about an instance.
class ShapeMaker {
 public:
  ShapeMaker(Shape& shape, const void* row) : shape_(shape), row_(static_cast<const std::byte*>(row)) {}

  template <class Member>
  void operator()(int number, std::string_view column, Member& member) {
    add_field(number, column, &member, member_type<Member>());
  }
  template <class Child>
  void children(int number, std::vector<Child>& rows);

  // Makes the statements. The shape must not move afterwards.
  static void finish(Shape& shape);

 private:
  void add_field(int number, std::string_view column, const void* member, const MemberType& type);
  void add_children(int number, const void* member, const VectorType& type, const Shape& child,
                    std::string_view table, std::string_view owner);

  Shape& shape_;
  const std::byte* row_;
};

template <class T>
const Shape& shape_of() {
  static const std::unique_ptr<const Shape> shape = [] {
    auto made = std::make_unique<Shape>();
    if constexpr (requires { T::kTable; }) {
      made->table = T::kTable;
      made->kind = T::kKind;
      made->keys = T::kKeys;
    }
    T row;
    if constexpr (requires { row.key_text(); })
      made->key_text = [](const void* any) { return static_cast<const T*>(any)->key_text(); };
    T::describe(row, ShapeMaker(*made, &row));
    ShapeMaker::finish(*made);
    return made;
  }();
  return *shape;
}

template <class Child>
void ShapeMaker::children(int number, std::vector<Child>& rows) {
  add_children(number, &rows, vector_type<Child>(), shape_of<Child>(), ChildTable<Child>::kTable,
               ChildTable<Child>::kOwner);
}

// Gateways get everything but what only nodes with a database may hold.
template <class T>
Audience audience_of(const T& row) {
  if constexpr (std::is_same_v<T, Setting> || std::is_same_v<T, StoredKey> || std::is_same_v<T, Annotation> ||
                std::is_same_v<T, Extension>)
    return Audience::node;
  if constexpr (std::is_same_v<T, Credential>)
    return row.type == CredentialType::client_key || is_token(row.type) ? Audience::all : Audience::node;
  return Audience::all;
}

}  // namespace allauth::store
