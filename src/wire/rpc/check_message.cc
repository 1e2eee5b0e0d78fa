#include "wire/rpc/check_message.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "base/text.h"
#include "wire/rest/json_scalar.h"
#include "wire/rest/json_write.h"

namespace allauth::wire {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::ListValue;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Struct;
using google::protobuf::Timestamp;
using google::protobuf::Value;

// What an Error's field begins with once it is known where the wrong thing lies.
Result<void> at(const std::string& place, Result<void> checked) {
  if (checked) return checked;
  std::string& field = checked.error().field;
  if (!field.empty() && !field.starts_with('[')) field.insert(0, ".");
  field.insert(0, place);
  return checked;
}

Result<void> check_known(const Message& message) {
  if (message.GetReflection()->GetUnknownFields(message).empty()) return {};
  return fail(
      Code::invalid, "message.unknown_field",
      fmt::format("{} has no field with one of the numbers given; is the caller newer than this server?",
                  message.GetDescriptor()->name()));
}

class FreeForm {
 public:
  explicit FreeForm(const JsonLimits& limits) : limits_(limits) {}

  Result<void> check(const Struct& object) {
    TRY(open());
    TRY(check_known(object));
    for (const auto& [key, value] : object.fields())
      TRY(at(key.size() <= 64 && is_printable_ascii(key) ? key : "?", check(value)));
    --depth_;
    return {};
  }
  Result<void> check(const ListValue& list) {
    TRY(open());
    TRY(check_known(list));
    for (int i = 0; i < list.values_size(); ++i) TRY(at(fmt::format("[{}]", i), check(list.values(i))));
    --depth_;
    return {};
  }
  Result<void> check(const Value& value) {
    TRY(check_known(value));
    switch (value.kind_case()) {
      case Value::kStructValue:
        return check(value.struct_value());
      case Value::kListValue:
        return check(value.list_value());
      case Value::kNumberValue:
        if (std::isfinite(value.number_value())) return {};
        return fail(Code::invalid, "message.number", "A free-form number must be finite.");
      case Value::kStringValue:
      case Value::kBoolValue:
      case Value::kNullValue:
        return {};
      case Value::KIND_NOT_SET:
        break;
    }
    return fail(Code::invalid, "message.value", "A free-form value must have a kind.");
  }

 private:
  Result<void> open() {
    if (++depth_ <= limits_.metadata_depth) return {};
    return fail(Code::invalid, "message.depth",
                fmt::format("A free-form value may have at most {} levels.", limits_.metadata_depth));
  }

  const JsonLimits& limits_;
  std::size_t depth_ = 0;
};

Result<void> check_free_form(const Message& message, Shape shape, const JsonLimits& limits) {
  FreeForm free_form(limits);
  if (shape == Shape::object) TRY(free_form.check(static_cast<const Struct&>(message)));
  if (shape == Shape::array) TRY(free_form.check(static_cast<const ListValue&>(message)));
  if (shape == Shape::value) TRY(free_form.check(static_cast<const Value&>(message)));
  std::string written;
  append_json(written, message);
  if (written.size() <= limits.metadata_bytes) return {};
  return fail(Code::invalid, "message.too_large",
              fmt::format("A free-form value may have at most {} bytes.", limits.metadata_bytes));
}

Result<void> check_time(const Timestamp& time) {
  constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01T00:00:00Z
  constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59Z
  const bool fits = time.seconds() >= kFirst && time.seconds() <= kLast;
  if (fits && time.nanos() >= 0 && time.nanos() < 1'000'000'000) return check_known(time);
  return fail(Code::invalid, "message.time", "A time must be in the years 1 to 9999.");
}

Result<void> check_submessage(const Message& message, const FieldDescriptor& field,
                              const JsonLimits& limits) {
  switch (const Shape shape = shape_of(*field.message_type())) {
    case Shape::message:
      return check_message(message, limits);
    case Shape::time:
      return check_time(static_cast<const Timestamp&>(message));
    case Shape::object:
    case Shape::array:
    case Shape::value:
      return check_free_form(message, shape, limits);
  }
  return {};
}

Result<void> check_text(std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return {};
  return fail(Code::invalid, "message.nul", "This must not hold the character U+0000.");
}

Result<void> check_number(double value) {
  if (std::isfinite(value)) return {};
  return fail(Code::invalid, "message.number", "This must be a finite number.");
}

// Zero stands for "not said", which an element of a list cannot be.
Result<void> check_enum(const FieldDescriptor& field, int number) {
  const bool known = field.enum_type()->FindValueByNumber(number) != nullptr;
  if (known && (number != 0 || !field.is_repeated())) return {};
  return fail(Code::invalid, "message.enum",
              fmt::format("{} is not a value of {}.", number, field.enum_type()->name()));
}

Result<void> check_one(const Message& in, const Reflection& reflection, const FieldDescriptor& field,
                       const JsonLimits& limits) {
  std::string unused;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return check_text(reflection.GetStringReference(in, &field, &unused));
    case FieldDescriptor::CPPTYPE_ENUM:
      return check_enum(field, reflection.GetEnumValue(in, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return check_number(reflection.GetDouble(in, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return check_submessage(reflection.GetMessage(in, &field), field, limits);
    default:
      return {};
  }
}

Result<void> check_element(const Message& in, const Reflection& reflection, const FieldDescriptor& field,
                           int i, const JsonLimits& limits) {
  std::string unused;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return check_text(reflection.GetRepeatedStringReference(in, &field, i, &unused));
    case FieldDescriptor::CPPTYPE_ENUM:
      return check_enum(field, reflection.GetRepeatedEnumValue(in, &field, i));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return check_number(reflection.GetRepeatedDouble(in, &field, i));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return check_submessage(reflection.GetRepeatedMessage(in, &field, i), field, limits);
    default:
      return {};
  }
}

}  // namespace

Result<void> check_message(const Message& message, const JsonLimits& limits) {
  TRY(check_known(message));
  const auto& reflection = *message.GetReflection();  // asked for once: that is not free
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const auto* field : set) {
    if (!field->is_repeated()) {
      TRY(at(field->name(), check_one(message, reflection, *field, limits)));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i)
      TRY(at(fmt::format("{}[{}]", field->name(), i), check_element(message, reflection, *field, i, limits)));
  }
  return {};
}

}  // namespace allauth::wire
