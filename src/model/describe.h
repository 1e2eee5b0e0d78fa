// One description per row type, from which everything mechanical follows: its SQL columns, its image
// in the log (a protobuf message), and the binding of both. A row type T has
//
//   static constexpr std::string_view kTable = "users";   // SQL table
//   static constexpr ImageKind kKind = ImageKind::user;   // its kind in the log
//   static constexpr int kKeys = 1;                       // so many leading fields are the key
//   std::string key_text() const;                         // if its text is not those, joined by "/"
//   template <class Self, class Field> static void describe(Self& row, Field&& field) {
//     field(1, "id", row.id);                             // protobuf field number, column, member
//     …
//   }
//
// Field numbers never change their meaning, as in any protobuf message; columns are added by a
// migration. Members are ids, text, Blob, Tags, Metadata, Instant, std::optional<Instant>, bool,
// enums (stored as their number) and integers; field.children(n, vector) is in the image only, its
// rows being stored by the table that owns them.
#pragma once

#include <cstdint>
#include <string>

namespace allauth {

// Kinds of images in the log. Numbers are stored: never reuse one.
enum class ImageKind : std::uint8_t {
  user = 1,
  credential = 2,
  domain = 3,
  client = 4,
  channel = 5,
  connection = 6,
  role = 7,
  role_member = 8,
  session = 9,
  signing_key = 10,
  setting = 11,
  group = 12,
  group_connection = 13,
  policy_schema = 14,
  relationship = 15,
  annotation = 16,
  extension = 17,
};

// Bytes rather than text.
struct Blob {
  std::string bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

}  // namespace allauth
