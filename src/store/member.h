// How to get at a member of a row whose C++ type is out of sight: the few types that a description
// may hold (model/describe.h), each reduced to bytes, a list of texts, or an integer.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "model/describe.h"
#include "model/values.h"

namespace allauth::store {

struct MemberType {
  enum class Kind : std::uint8_t { text, blob, tags, integer, optional_integer };

  Kind kind;
  std::string_view implied{};  // text that is as good as none, and is not in the image
  // Of text and blob; views live as long as the member is not changed.
  std::string_view (*bytes)(const void* member) = nullptr;
  void (*set_bytes)(void* member, std::string_view bytes) = nullptr;
  // Of integers. set_integer answers whether the member can hold the number.
  std::optional<std::int64_t> (*integer)(const void* member) = nullptr;
  bool (*set_integer)(void* member, std::optional<std::int64_t> number) = nullptr;
};

// A std::vector of some row type.
struct VectorType {
  std::size_t (*size)(const void* vector);
  const void* (*at)(const void* vector, std::size_t index);
  void* (*add)(void* vector);
  void (*clear)(void* vector);
};

namespace detail {

template <class T>
struct Bytes;  // types that are text or bytes at heart
template <>
struct Bytes<std::string> {
  static constexpr auto kKind = MemberType::Kind::text;
  static constexpr std::string_view kImplied = "";
  static std::string_view get(const std::string& text) { return text; }
  static std::string make(std::string_view text) { return std::string(text); }
};
template <>
struct Bytes<Blob> {
  static constexpr auto kKind = MemberType::Kind::blob;
  static constexpr std::string_view kImplied = "";
  static std::string_view get(const Blob& blob) { return blob.bytes; }
  static Blob make(std::string_view bytes) { return Blob{std::string(bytes)}; }
};
template <>
struct Bytes<Metadata> {
  static constexpr auto kKind = MemberType::Kind::text;
  static constexpr std::string_view kImplied = "{}";
  static std::string_view get(const Metadata& metadata) { return metadata.json; }
  static Metadata make(std::string_view json) { return Metadata{std::string(json)}; }
};
template <class Tag>
struct Bytes<Id<Tag>> {
  static constexpr auto kKind = MemberType::Kind::text;
  static constexpr std::string_view kImplied = "";
  static std::string_view get(const Id<Tag>& id) { return id.str(); }
  static Id<Tag> make(std::string_view text) { return Id<Tag>::trusted(std::string(text)); }
};

template <class T>
std::int64_t to_integer(const T& value) {
  if constexpr (std::is_same_v<T, Instant>)
    return to_millis(value);
  else
    return static_cast<std::int64_t>(value);
}

template <class T>
bool from_integer(T& value, std::int64_t number) {
  if constexpr (std::is_same_v<T, Instant>) {
    value = from_millis(number);
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> bare{};
    if (!from_integer(bare, number)) return false;
    value = static_cast<T>(bare);
  } else if constexpr (std::is_same_v<T, bool>) {
    value = number != 0;
  } else {
    // 64-bit members, signed or not, hold every number that a column does.
    if (sizeof(T) < sizeof number && !std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
  }
  return true;
}

template <class T>
constexpr MemberType make_member_type() {
  if constexpr (std::is_same_v<T, Tags>) {
    return {.kind = MemberType::Kind::tags};
  } else if constexpr (requires { Bytes<T>::kKind; }) {
    return {.kind = Bytes<T>::kKind,
            .implied = Bytes<T>::kImplied,
            .bytes = [](const void* m) { return Bytes<T>::get(*static_cast<const T*>(m)); },
            .set_bytes = [](void* m, std::string_view b) { *static_cast<T*>(m) = Bytes<T>::make(b); }};
  } else if constexpr (std::is_same_v<T, std::optional<Instant>> ||
                       std::is_same_v<T, std::optional<std::int64_t>>) {
    return {.kind = MemberType::Kind::optional_integer,
            .integer = [](const void* m) -> std::optional<std::int64_t> {
              const auto& value = *static_cast<const T*>(m);
              return value ? std::optional(to_integer(*value)) : std::nullopt;
            },
            .set_integer =
                [](void* m, std::optional<std::int64_t> n) {
                  auto& value = *static_cast<T*>(m);
                  value.reset();
                  return !n || from_integer(value.emplace(), *n);
                }};
  } else {
    return {.kind = MemberType::Kind::integer,
            .integer = [](const void* m) { return std::optional(to_integer(*static_cast<const T*>(m))); },
            .set_integer =
                [](void* m, std::optional<std::int64_t> n) {
                  return from_integer(*static_cast<T*>(m), n ? *n : 0);
                }};
  }
}

}  // namespace detail

template <class T>
const MemberType& member_type() {
  static constexpr MemberType kType = detail::make_member_type<T>();
  return kType;
}

template <class T>
const VectorType& vector_type() {
  using Vector = std::vector<T>;
  static constexpr VectorType kType{
      .size = [](const void* v) { return static_cast<const Vector*>(v)->size(); },
      .at = [](const void* v, std::size_t i) -> const void* { return &(*static_cast<const Vector*>(v))[i]; },
      .add = [](void* v) -> void* { return &static_cast<Vector*>(v)->emplace_back(); },
      .clear = [](void* v) { static_cast<Vector*>(v)->clear(); }};
  return kType;
}

}  // namespace allauth::store
