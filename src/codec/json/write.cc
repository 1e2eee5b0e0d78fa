#include "codec/json/write.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace allauth::json {
namespace {

constexpr double kLeastPlain = 1e-6;
constexpr double kLeastScientific = 1e21;

// "1e-07" is written "1e-7".
void append_exponent_form(std::string& out, std::string_view text) {
  const auto digits = text.find_last_of("+-") + 1;
  out += text.substr(0, digits);
  text.remove_prefix(digits);
  while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
  out += text;
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (value == 0) {  // of either sign: what is read from "-0" is the integer
    out += '0';
    return;
  }
  const double size = std::abs(value);
  const bool plain = size >= kLeastPlain && size < kLeastScientific;
  std::array<char, 64> text{};
  const auto done = std::to_chars(text.data(), text.data() + text.size(), value,
                                  plain ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view written(text.data(), static_cast<std::size_t>(done.ptr - text.data()));
  if (plain)
    out += written;
  else
    append_exponent_form(out, written);
}

void append_escape(std::string& out, char32_t c) {
  if (c <= 0xFFFF) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    return;
  }
  const auto rest = static_cast<unsigned>(c) - 0x10000;
  out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
}

// Takes one character off the front of UTF-8.
char32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  text.remove_prefix(length);
  return c;
}

bool must_escape(char32_t c, Escapes escapes) {
  switch (escapes) {
    case Escapes::least:
      return false;
    case Escapes::html:
      return c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029;
    case Escapes::ascii:
      return c > 0x7E || c == '<' || c == '>' || c == '&' || c == '\'' || c == '+' || c == '`';
  }
  return false;
}

void append_text(std::string& out, std::string_view text, Escapes escapes) {
  std::string plain;
  append_json_string(plain, text);
  if (escapes == Escapes::least) {
    out += plain;
    return;
  }
  std::string_view rest = plain;
  while (!rest.empty()) {
    const std::string_view before = rest;
    const char32_t c = take_character(rest);
    if (must_escape(c, escapes))
      append_escape(out, c);
    else
      out += before.substr(0, before.size() - rest.size());
  }
}

void append(std::string& out, const Value& value, Escapes escapes);

struct Appender {
  std::string& out;
  Escapes escapes;

  void operator()(std::nullptr_t) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { out += fmt::to_string(value); }
  void operator()(std::uint64_t value) const { out += fmt::to_string(value); }
  void operator()(double value) const { append_double(out, value); }
  void operator()(const std::string& value) const { append_text(out, value, escapes); }
  void operator()(const Array& array) const {
    out += '[';
    for (const auto& item : array) {
      if (&item != &array.front()) out += ',';
      append(out, item, escapes);
    }
    out += ']';
  }
  void operator()(const Object& object) const {
    out += '{';
    for (const auto& member : object) {
      if (&member != &object.front()) out += ',';
      append_text(out, member.name, escapes);
      out += ':';
      append(out, member.value, escapes);
    }
    out += '}';
  }
};

void append(std::string& out, const Value& value, Escapes escapes) {
  std::visit(Appender{out, escapes}, value.variant());
}

struct IsEmpty {
  bool operator()(std::nullptr_t) const { return true; }
  bool operator()(bool value) const { return !value; }
  bool operator()(std::int64_t value) const { return value == 0; }
  bool operator()(std::uint64_t value) const { return value == 0; }
  bool operator()(double value) const { return value == 0; }
  bool operator()(const std::string& value) const { return value.empty(); }
  bool operator()(const Array& value) const { return value.empty(); }
  bool operator()(const Object& value) const { return value.empty(); }
};

}  // namespace

std::string write(const Value& value, const WriteRules& rules) {
  std::string out;
  append(out, value, rules.escapes);
  if (rules.line_end) out += '\n';
  return out;
}

ObjectWriter& ObjectWriter::set_unless_empty(std::string_view name, Value value) {
  if (!std::visit(IsEmpty(), value.variant())) set(name, std::move(value));
  return *this;
}

Value sorted(Value value) {
  if (auto* array = value.get<Array>())
    for (auto& item : *array) item = sorted(std::move(item));
  if (auto* object = value.get<Object>()) {
    for (auto& member : *object) member.value = sorted(std::move(member.value));
    std::ranges::sort(*object, {}, &Member::name);
  }
  return value;
}

}  // namespace allauth::json
