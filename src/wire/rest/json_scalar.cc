#include "wire/rest/json_scalar.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>

#include "base/text.h"
#include "wire/rest/json_read.h"
#include "wire/rest/json_write.h"

namespace allauth::wire {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor::CppType kMessage = FieldDescriptor::CPPTYPE_MESSAGE;

// The words of an enumeration, for an error message: "enabled, disabled".
std::string words_of(const google::protobuf::EnumDescriptor& type) {
  std::string words;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string word = enum_word(*type.value(i));
    if (word.empty()) continue;
    if (!words.empty()) words += ", ";
    words += word;
  }
  return words;
}

std::string expected_of(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "a string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return fmt::format("one of the strings {}", words_of(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      return "a whole number";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (shape_of(*field.message_type()) == Shape::time) return "a string with a time";
      return shape_of(*field.message_type()) == Shape::array ? "an array" : "an object";
    default:
      return "a number";
  }
}

// Exactly `size` digits at the start of `text`, which it takes off.
std::optional<int> take_digits(std::string_view& text, std::size_t size) {
  if (text.size() < size) return std::nullopt;
  const auto value = parse_u64(text.substr(0, size));
  if (!value) return std::nullopt;
  text.remove_prefix(size);
  return static_cast<int>(*value);
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// ".123456789" at the start of `text`, 1 to 9 digits, as nanoseconds; 0 if there is no dot.
std::optional<std::int32_t> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  const std::size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
  if (size < 1 || size > 9) return std::nullopt;
  const auto digits = take_digits(text, size);
  std::int32_t nanos = digits.value_or(0);
  for (std::size_t i = size; i < 9; ++i) nanos *= 10;
  return nanos;
}

// RFC 3339 §5.6, in UTC ("Z") only and without leap seconds.
std::optional<google::protobuf::Timestamp> parse_time(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, 'T')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  const auto nanos = take_fraction(text);
  if (!nanos || text != "Z") return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year == 0) return std::nullopt;
  const auto seconds = std::chrono::sys_seconds(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
                       std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  google::protobuf::Timestamp time;
  time.set_seconds(seconds.time_since_epoch().count());
  time.set_nanos(*nanos);
  return time;
}

Result<void> put_enum(Message& into, const FieldDescriptor& field, std::string_view text) {
  const auto& type = *field.enum_type();
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (text.empty() || enum_word(value) != text) continue;
    const auto& reflection = *into.GetReflection();
    field.is_repeated() ? reflection.AddEnum(&into, &field, &value)
                        : reflection.SetEnum(&into, &field, &value);
    return {};
  }
  return fail(Code::invalid, "json.enum", fmt::format("This must be one of {}.", words_of(type)));
}

Result<void> put_time(Message& into, const FieldDescriptor& field, std::string_view text) {
  const auto time = parse_time(text);
  if (!time)
    return fail(Code::invalid, "json.time", "This must be a time in UTC, such as 2026-11-22T05:12:00.123Z.");
  const auto& reflection = *into.GetReflection();
  auto* slot =
      field.is_repeated() ? reflection.AddMessage(&into, &field) : reflection.MutableMessage(&into, &field);
  slot->CopyFrom(*time);
  return {};
}

// Whether `value`, read from an integer, is another one. Rounding an id is changing it.
bool is_rounded(std::string_view digits, double value) {
  if (std::abs(value) < 0x1p53) return false;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  const auto exact = parse_u64(digits);
  return !exact || std::abs(value) >= 0x1p64 || static_cast<std::uint64_t>(std::abs(value)) != *exact;
}

template <class T>
Result<T> whole_number(std::string_view digits, const FieldDescriptor& field) {
  T value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool negative_to_unsigned = std::is_unsigned_v<T> && digits.starts_with('-');
  if (error == std::errc::result_out_of_range || negative_to_unsigned)
    return fail(Code::invalid, "json.range",
                fmt::format("This number must be from {} to {}.", std::numeric_limits<T>::min(),
                            std::numeric_limits<T>::max()));
  if (error != std::errc() || end != digits.data() + digits.size()) return wrong_type(field);
  return value;
}

}  // namespace

Shape shape_of(const google::protobuf::Descriptor& type) {
  switch (type.well_known_type()) {
    case google::protobuf::Descriptor::WELLKNOWNTYPE_STRUCT:
      return Shape::object;
    case google::protobuf::Descriptor::WELLKNOWNTYPE_VALUE:
      return Shape::value;
    case google::protobuf::Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return Shape::array;
    case google::protobuf::Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return Shape::time;
    default:
      return Shape::message;
  }
}

std::unexpected<Error> wrong_type(const FieldDescriptor& field) {
  return fail(Code::invalid, "json.type", fmt::format("This must be {}.", expected_of(field)));
}

Result<void> put_string(Message& into, const FieldDescriptor& field, std::string_view text) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return put_enum(into, field, text);
  if (field.cpp_type() == kMessage && shape_of(*field.message_type()) == Shape::time)
    return put_time(into, field, text);
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return wrong_type(field);
  // C libraries and databases below would cut the text there.
  if (text.find('\0') != std::string_view::npos)
    return fail(Code::invalid, "json.nul", "This must not hold the character U+0000.");
  const auto& reflection = *into.GetReflection();
  field.is_repeated() ? reflection.AddString(&into, &field, std::string(text))
                      : reflection.SetString(&into, &field, std::string(text));
  return {};
}

Result<void> put_bool(Message& into, const FieldDescriptor& field, bool value) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL) return wrong_type(field);
  const auto& reflection = *into.GetReflection();
  field.is_repeated() ? reflection.AddBool(&into, &field, value) : reflection.SetBool(&into, &field, value);
  return {};
}

Result<void> put_number(Message& into, const FieldDescriptor& field, std::string_view digits) {
  const auto& reflection = *into.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      TRY(const auto value, whole_number<std::int32_t>(digits, field));
      repeated ? reflection.AddInt32(&into, &field, value) : reflection.SetInt32(&into, &field, value);
      return {};
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      TRY(const auto value, whole_number<std::uint32_t>(digits, field));
      repeated ? reflection.AddUInt32(&into, &field, value) : reflection.SetUInt32(&into, &field, value);
      return {};
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      TRY(const auto value, exact_double(digits));
      repeated ? reflection.AddDouble(&into, &field, value) : reflection.SetDouble(&into, &field, value);
      return {};
    }
    default:
      return wrong_type(field);
  }
}

Result<double> exact_double(std::string_view digits) {
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool rounded = digits.find_first_of(".eE") == std::string_view::npos && is_rounded(digits, value);
  if (error != std::errc() || end != digits.data() + digits.size() || rounded)
    return fail(Code::invalid, "json.number", "This number cannot be kept as it is; give it as a string.");
  return value;
}

Result<void> read_text(std::string_view text, Message& into, const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (text != "true" && text != "false") return wrong_type(field);
    return put_bool(into, field, text == "true");
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
      field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32)
    return put_number(into, field, text);
  return put_string(into, field, text);
}

}  // namespace allauth::wire
