#include "store/image.h"

#include <cstdint>
#include <optional>

// Encoding: https://protobuf.dev/programming-guides/encoding/
namespace allauth::store {
namespace {

constexpr std::uint64_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;
constexpr std::size_t kMaxRepeated = 65'536;

void put_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

void put_tag(std::string& out, int number, std::uint64_t wire_type) {
  put_varint(out, (static_cast<std::uint64_t>(number) << 3) | wire_type);
}

void put_bytes(std::string& out, int number, std::string_view bytes) {
  put_tag(out, number, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}

void put_integer(std::string& out, int number, std::int64_t value) {
  put_tag(out, number, kVarint);
  put_varint(out, static_cast<std::uint64_t>(value));
}

void put_field(std::string& out, const FieldShape& field, const void* member) {
  switch (field.type->kind) {
    case MemberType::Kind::text:
    case MemberType::Kind::blob:
      if (const auto bytes = field.type->bytes(member); bytes != field.type->implied)
        put_bytes(out, field.number, bytes);
      return;
    case MemberType::Kind::tags:
      for (const auto& tag : *static_cast<const Tags*>(member)) put_bytes(out, field.number, tag);
      return;
    case MemberType::Kind::integer:
      if (const auto value = field.type->integer(member); *value != 0) put_integer(out, field.number, *value);
      return;
    case MemberType::Kind::optional_integer:
      if (const auto value = field.type->integer(member)) put_integer(out, field.number, *value);
      return;
  }
}

// Members as they are in a message without fields.
void reset(const Shape& shape, void* row) {
  for (const auto& field : shape.fields) {
    void* member = member_of(row, field.offset);
    switch (field.type->kind) {
      case MemberType::Kind::text:
      case MemberType::Kind::blob:
        field.type->set_bytes(member, field.type->implied);
        break;
      case MemberType::Kind::tags:
        static_cast<Tags*>(member)->clear();
        break;
      case MemberType::Kind::integer:
      case MemberType::Kind::optional_integer:
        field.type->set_integer(member, std::nullopt);
        break;
    }
  }
  for (const auto& child : shape.children) child.type->clear(member_of(row, child.offset));
}

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  bool done() const { return in_.empty(); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64 && !in_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      if (shift == 63 && byte > 1) return std::nullopt;
      number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> bytes() {
    const auto size = varint();
    return size ? take(*size) : std::nullopt;
  }

  bool skip(std::uint64_t wire_type) {
    switch (wire_type) {
      case kVarint:
        return varint().has_value();
      case kFixed64:
        return take(8).has_value();
      case kBytes:
        return bytes().has_value();
      case kFixed32:
        return take(4).has_value();
      default:  // groups are gone from protobuf, the rest never was
        return false;
    }
  }

 private:
  std::optional<std::string_view> take(std::uint64_t size) {
    if (size > in_.size()) return std::nullopt;
    const auto taken = in_.substr(0, static_cast<std::size_t>(size));
    in_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view in_;
};

bool read_message(const Shape& shape, std::string_view bytes, void* row);

bool read_field(const FieldShape& field, std::uint64_t wire_type, Reader& in, void* member) {
  switch (field.type->kind) {
    case MemberType::Kind::text:
    case MemberType::Kind::blob:
    case MemberType::Kind::tags: {
      if (wire_type != kBytes) return false;
      const auto bytes = in.bytes();
      if (!bytes) return false;
      if (field.type->kind != MemberType::Kind::tags) {
        field.type->set_bytes(member, *bytes);
        return true;
      }
      auto& tags = *static_cast<Tags*>(member);
      tags.emplace_back(*bytes);
      return tags.size() <= kMaxRepeated;
    }
    case MemberType::Kind::integer:
    case MemberType::Kind::optional_integer: {
      if (wire_type != kVarint) return false;
      const auto number = in.varint();
      return number && field.type->set_integer(member, static_cast<std::int64_t>(*number));
    }
  }
  return false;
}

bool read_child(const ChildShape& child, std::uint64_t wire_type, Reader& in, void* vector) {
  if (wire_type != kBytes) return false;
  const auto bytes = in.bytes();
  if (!bytes || child.type->size(vector) >= kMaxRepeated) return false;
  return read_message(*child.shape, *bytes, child.type->add(vector));
}

bool read_one(const Shape& shape, std::uint64_t number, std::uint64_t wire_type, Reader& in, void* row) {
  for (const auto& field : shape.fields) {
    if (static_cast<std::uint64_t>(field.number) == number)
      return read_field(field, wire_type, in, member_of(row, field.offset));
  }
  for (const auto& child : shape.children) {
    if (static_cast<std::uint64_t>(child.number) == number)
      return read_child(child, wire_type, in, member_of(row, child.offset));
  }
  return in.skip(wire_type);
}

bool read_message(const Shape& shape, std::string_view bytes, void* row) {
  reset(shape, row);
  Reader in(bytes);
  while (!in.done()) {
    const auto tag = in.varint();
    if (!tag || (*tag >> 3) == 0) return false;
    if (!read_one(shape, *tag >> 3, *tag & 7, in, row)) return false;
  }
  return true;
}

void put_message(std::string& out, const Shape& shape, const void* row) {
  for (const auto& field : shape.fields) put_field(out, field, member_of(row, field.offset));
  for (const auto& child : shape.children) {
    const void* vector = member_of(row, child.offset);
    for (std::size_t i = 0; i < child.type->size(vector); ++i)
      put_bytes(out, child.number, encode_image(*child.shape, child.type->at(vector, i)));
  }
}

}  // namespace

std::string encode_image(const Shape& shape, const void* row) {
  std::string out;
  put_message(out, shape, row);
  return out;
}

Result<void> decode_image(const Shape& shape, std::string_view bytes, void* row) {
  if (bytes.size() <= kMaxImageBytes && read_message(shape, bytes, row)) return {};
  return fail(Code::invalid, "image.malformed", "An entry of the log holds an image that cannot be read.", {},
              std::string(shape.table));
}

}  // namespace allauth::store
