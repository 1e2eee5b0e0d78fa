// Images: rows as protobuf messages (wire format, field numbers of the row's description), so that
// any protobuf reader can follow the log. docs/formats/log.md has the rules.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "store/shape.h"

namespace allauth::store {

// The largest image that is read or written.
inline constexpr std::size_t kMaxImageBytes = 4 * 1024 * 1024;

std::string encode_image(const Shape&, const void* row);
// `row` is reset first. invalid image.malformed: not such a message. Unknown fields are skipped.
Result<void> decode_image(const Shape&, std::string_view bytes, void* row);

template <class T>
std::string encode_image(const T& row) {
  return encode_image(shape_of<T>(), &row);
}

template <class T>
Result<T> decode_image(std::string_view bytes) {
  T row;
  TRY(decode_image(shape_of<T>(), bytes, &row));
  return row;
}

}  // namespace allauth::store
