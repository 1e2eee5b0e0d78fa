// Protobuf messages as bytes (https://protobuf.dev/programming-guides/encoding/), field by field, for
// messages whose description is not a .proto file. Pure functions; the reader bounds itself by its input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace allauth::codec::protobuf {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

void put_varint(std::string& out, std::uint64_t number);
// Fields, also when they are 0 or empty: who wants those left out does not call.
void put_bytes(std::string& out, int number, std::string_view bytes);
void put_integer(std::string& out, int number, std::int64_t value);

struct Field {
  std::uint64_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t integer = 0;  // of a varint
  std::string_view bytes;     // of all others
};

class Reader {
 public:
  explicit Reader(std::string_view message) : rest_(message) {}

  bool done() const { return rest_.empty(); }
  // The next field with its value, which borrows from the message. Nothing: what is left is no message;
  // groups, which are gone from protobuf, are refused.
  std::optional<Field> next();

 private:
  std::optional<std::uint64_t> varint();
  std::optional<std::string_view> take(std::uint64_t size);

  std::string_view rest_;
};

}  // namespace allauth::codec::protobuf
