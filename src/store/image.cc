#include "store/image.h"

#include <cstdint>
#include <optional>

#include "codec/protobuf.h"

namespace allauth::store {
namespace {

using codec::protobuf::put_bytes;
using codec::protobuf::put_integer;
using codec::protobuf::WireType;

constexpr std::size_t kMaxRepeated = 65'536;

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

bool read_message(const Shape& shape, std::string_view bytes, void* row);

bool read_field(const FieldShape& field, const codec::protobuf::Field& in, void* member) {
  switch (field.type->kind) {
    case MemberType::Kind::text:
    case MemberType::Kind::blob:
      if (in.type != WireType::bytes) return false;
      field.type->set_bytes(member, in.bytes);
      return true;
    case MemberType::Kind::tags: {
      if (in.type != WireType::bytes) return false;
      auto& tags = *static_cast<Tags*>(member);
      tags.emplace_back(in.bytes);
      return tags.size() <= kMaxRepeated;
    }
    case MemberType::Kind::integer:
    case MemberType::Kind::optional_integer:
      return in.type == WireType::varint &&
             field.type->set_integer(member, static_cast<std::int64_t>(in.integer));
  }
  return false;
}

bool read_child(const ChildShape& child, const codec::protobuf::Field& in, void* vector) {
  if (in.type != WireType::bytes || child.type->size(vector) >= kMaxRepeated) return false;
  return read_message(*child.shape, in.bytes, child.type->add(vector));
}

bool read_one(const Shape& shape, const codec::protobuf::Field& in, void* row) {
  for (const auto& field : shape.fields) {
    if (static_cast<std::uint64_t>(field.number) == in.number)
      return read_field(field, in, member_of(row, field.offset));
  }
  for (const auto& child : shape.children) {
    if (static_cast<std::uint64_t>(child.number) == in.number)
      return read_child(child, in, member_of(row, child.offset));
  }
  return true;
}

bool read_message(const Shape& shape, std::string_view bytes, void* row) {
  reset(shape, row);
  codec::protobuf::Reader in(bytes);
  while (!in.done()) {
    const auto field = in.next();
    if (!field || !read_one(shape, *field, row)) return false;
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
