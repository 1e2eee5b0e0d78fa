// What goes into a statement and what comes out of it, the same for every engine.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/error.h"

namespace allauth::sql {

// One bind. It borrows text and bytes: they must live until the call it is given to returns. Text is
// UTF-8 without U+0000, which is what every engine can hold; anything else goes in as a blob.
class Value {
 public:
  enum class Type : std::uint8_t { null, integer, text, blob };

  constexpr Value() = default;  // NULL
  template <std::integral T>
  constexpr explicit Value(T number) : type_(Type::integer), integer_(static_cast<std::int64_t>(number)) {}
  constexpr explicit Value(std::string_view text) : type_(Type::text), bytes_(text) {}
  static constexpr Value blob(std::string_view bytes) {
    Value value(bytes);
    value.type_ = Type::blob;
    return value;
  }

  constexpr Type type() const { return type_; }
  constexpr std::int64_t integer() const { return integer_; }
  constexpr std::string_view bytes() const { return bytes_; }

 private:
  Type type_ = Type::null;
  std::int64_t integer_ = 0;
  std::string_view bytes_;
};

// One row of a result, valid for the time of the sink's call. Columns count from 0. A NULL reads as
// 0 or empty text.
class Row {
 public:
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view bytes(int column) const = 0;  // text and blobs

 protected:
  ~Row() = default;
};

// Takes the rows one by one; an error ends the statement and is its result.
using RowSink = std::function<Result<void>(const Row&)>;

}  // namespace allauth::sql
