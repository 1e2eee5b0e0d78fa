#include "codec/protobuf.h"

namespace allauth::codec::protobuf {
namespace {

void put_tag(std::string& out, int number, WireType type) {
  put_varint(out, (static_cast<std::uint64_t>(number) << 3) | static_cast<std::uint64_t>(type));
}

}  // namespace

void put_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

void put_bytes(std::string& out, int number, std::string_view bytes) {
  put_tag(out, number, WireType::bytes);
  put_varint(out, bytes.size());
  out += bytes;
}

void put_integer(std::string& out, int number, std::int64_t value) {
  put_tag(out, number, WireType::varint);
  put_varint(out, static_cast<std::uint64_t>(value));
}

std::optional<Field> Reader::next() {
  const auto tag = varint();
  if (!tag || (*tag >> 3) == 0) return std::nullopt;
  Field field{.number = *tag >> 3, .type = static_cast<WireType>(*tag & 7), .bytes = {}};
  switch (field.type) {
    case WireType::varint: {
      const auto value = varint();
      if (!value) return std::nullopt;
      field.integer = *value;
      return field;
    }
    case WireType::bytes:
    case WireType::fixed64:
    case WireType::fixed32: {
      const auto size = field.type == WireType::bytes     ? varint()
                        : field.type == WireType::fixed64 ? std::optional<std::uint64_t>(8)
                                                          : std::optional<std::uint64_t>(4);
      const auto bytes = size ? take(*size) : std::nullopt;
      if (!bytes) return std::nullopt;
      field.bytes = *bytes;
      return field;
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::uint64_t> Reader::varint() {
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

std::optional<std::string_view> Reader::take(std::uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(taken.size());
  return taken;
}

}  // namespace allauth::codec::protobuf
