#include "wire/rest/json_write.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "base/text.h"
#include "wire/rest/json_scalar.h"

namespace allauth::wire {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void append_value(std::string& out, const google::protobuf::Value& value);

void append_list(std::string& out, const google::protobuf::ListValue& list) {
  out += '[';
  for (int i = 0; i < list.values_size(); ++i) {
    if (i > 0) out += ',';
    append_value(out, list.values(i));
  }
  out += ']';
}

// Sorted, so that one state has one text: the map's own order changes from run to run.
void append_struct(std::string& out, const google::protobuf::Struct& object) {
  using Member = const google::protobuf::Map<std::string, google::protobuf::Value>::value_type*;
  std::vector<Member> members;
  members.reserve(object.fields().size());
  for (const auto& member : object.fields()) members.push_back(&member);
  std::ranges::sort(members, {}, [](Member m) -> const std::string& { return m->first; });
  out += '{';
  for (const auto* member : members) {
    if (member != members.front()) out += ',';
    append_json_string(out, member->first);
    out += ':';
    append_value(out, member->second);
  }
  out += '}';
}

void append_value(std::string& out, const google::protobuf::Value& value) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kNumberValue:
      fmt::format_to(std::back_inserter(out), "{}", value.number_value());
      return;
    case google::protobuf::Value::kStringValue:
      append_json_string(out, value.string_value());
      return;
    case google::protobuf::Value::kBoolValue:
      out += value.bool_value() ? "true" : "false";
      return;
    case google::protobuf::Value::kStructValue:
      append_struct(out, value.struct_value());
      return;
    case google::protobuf::Value::kListValue:
      append_list(out, value.list_value());
      return;
    case google::protobuf::Value::kNullValue:
    case google::protobuf::Value::KIND_NOT_SET:
      out += "null";
      return;
  }
}

// A message and how to look into it, asked for once: that is not free.
struct Source {
  explicit Source(const Message& m) : message(m), type(*m.GetDescriptor()), reflection(*m.GetReflection()) {}
  const Message& message;
  const google::protobuf::Descriptor& type;
  const google::protobuf::Reflection& reflection;
};

void append_message(std::string& out, const Source& source, const ReadMask& mask);

// The element at `index` of a repeated field, or the value of a singular one (index -1).
void append_field(std::string& out, const Source& source, const FieldDescriptor& field, int index,
                  const ReadMask& mask) {
  const auto& [message, type, r] = source;
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      append_json_string(out, one ? r.GetStringReference(message, &field, &scratch)
                                  : r.GetRepeatedStringReference(message, &field, index, &scratch));
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      out +=
          (one ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index)) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      append_json_string(
          out, enum_word(*(one ? r.GetEnum(message, &field) : r.GetRepeatedEnum(message, &field, index))));
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      out += std::to_string(one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      out += std::to_string(one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      fmt::format_to(std::back_inserter(out), "{}",
                     one ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, index));
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      append_message(
          out, Source(one ? r.GetMessage(message, &field) : r.GetRepeatedMessage(message, &field, index)),
          mask);
      return;
    default:
      out += "null";  // check_schema admits no other type
      return;
  }
}

void append_repeated(std::string& out, const Source& source, const FieldDescriptor& field,
                     const ReadMask& mask) {
  out += '[';
  const int size = source.reflection.FieldSize(source.message, &field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) out += ',';
    append_field(out, source, field, i, mask);
  }
  out += ']';
}

bool is_written(const Source& source, const FieldDescriptor& field) {
  if (field.is_repeated()) return true;
  const bool optional = field.has_presence() || field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
  return !optional || source.reflection.HasField(source.message, &field);
}

void append_members(std::string& out, const Source& source, const ReadMask& mask) {
  bool first = true;
  out += '{';
  for (int i = 0; i < source.type.field_count(); ++i) {
    const auto& field = *source.type.field(i);
    if (!mask.wants(field) || !is_written(source, field)) continue;
    out += first ? "\"" : ",\"";
    first = false;
    out += field.name();  // a word of the schema: nothing in it needs to be escaped
    out += "\":";
    if (field.is_repeated())
      append_repeated(out, source, field, mask.below(field));
    else
      append_field(out, source, field, -1, mask.below(field));
  }
  out += '}';
}

// With leading zeros.
template <int width>
void append_digits(std::string& out, unsigned value) {
  std::array<char, width> digits;
  for (auto place = digits.rbegin(); place != digits.rend(); ++place, value /= 10)
    *place = static_cast<char>('0' + value % 10);
  out.append(digits.data(), digits.size());
}

// Milliseconds, as everywhere in AllAuth; any year from 0001 to 9999.
void append_time(std::string& out, const google::protobuf::Timestamp& time) {
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time.seconds())};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  out += '"';
  append_digits<4>(out, static_cast<unsigned>(static_cast<int>(date.year())));
  out += '-';
  append_digits<2>(out, static_cast<unsigned>(date.month()));
  out += '-';
  append_digits<2>(out, static_cast<unsigned>(date.day()));
  out += 'T';
  append_digits<2>(out, static_cast<unsigned>(clock.hours().count()));
  out += ':';
  append_digits<2>(out, static_cast<unsigned>(clock.minutes().count()));
  out += ':';
  append_digits<2>(out, static_cast<unsigned>(clock.seconds().count()));
  out += '.';
  append_digits<3>(out, static_cast<unsigned>(time.nanos() / 1'000'000));
  out += "Z\"";
}

void append_message(std::string& out, const Source& source, const ReadMask& mask) {
  switch (shape_of(source.type)) {
    case Shape::message:
      return append_members(out, source, mask);
    case Shape::object:
      return append_struct(out, static_cast<const google::protobuf::Struct&>(source.message));
    case Shape::value:
      return append_value(out, static_cast<const google::protobuf::Value&>(source.message));
    case Shape::array:
      return append_list(out, static_cast<const google::protobuf::ListValue&>(source.message));
    case Shape::time:
      return append_time(out, static_cast<const google::protobuf::Timestamp&>(source.message));
  }
}

}  // namespace

void append_json(std::string& out, const Message& message, const ReadMask& mask) {
  append_message(out, Source(message), mask);
}

std::string enum_word(const google::protobuf::EnumValueDescriptor& value) {
  if (value.number() == 0) return {};
  // "DomainRole" is DOMAIN_ROLE_ in the names of its values.
  std::size_t prefix = 0;
  for (char c : value.type()->name()) prefix += c >= 'A' && c <= 'Z' ? 2 : 1;
  return ascii_lower(std::string_view(value.name()).substr(std::min(prefix, value.name().size())));
}

}  // namespace allauth::wire
