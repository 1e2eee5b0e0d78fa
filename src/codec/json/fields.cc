#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "codec/json/read.h"

namespace allauth::json {
namespace {

// As Go folds ASCII names: two characters beyond ASCII have ASCII letters as their lower case.
std::string folded(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i).starts_with("\xC5\xBF")) {  // U+017F, long s
      out += 's';
      i += 1;
    } else if (name.substr(i).starts_with("\xE2\x84\xAA")) {  // U+212A, Kelvin
      out += 'k';
      i += 2;
    } else {
      out += name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
    }
  }
  return out;
}

bool is_same(std::string_view asked, std::string_view given, Names names) {
  return asked == given || (names == Names::folded && folded(asked) == folded(given));
}

template <class T>
std::optional<T> from_text(const Value& value) {
  const auto* text = value.get<std::string>();
  if (text == nullptr || text->empty()) return std::nullopt;
  T number{};
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::unexpected<Error> wrong(Reason reason, std::string message, std::string path) {
  return fail(Code::invalid, reason, std::move(message), std::move(path));
}

}  // namespace

Result<Fields> Fields::of(const Value& value, const ReadRules& rules, std::string path) {
  if (const auto* object = value.get<Object>()) return Fields(*object, rules, std::move(path));
  return wrong("json.type", "Expected an object.", std::move(path));
}

std::string Fields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

Result<const Value*> Fields::find(std::string_view name) {
  TRY(const Value* value, any(name));
  if (value == nullptr || !value->is_null()) return value;
  if (rules_.null == Null::absent) return nullptr;
  return wrong("json.null", "null is not allowed here.", path_of(name));
}

Result<const Value*> Fields::any(std::string_view name) {
  const Value* found = nullptr;
  for (std::size_t i = 0; i < object_.size(); ++i) {
    if (!is_same(name, object_[i].name, rules_.names)) continue;
    if (found != nullptr && rules_.twice == Twice::refused)
      return wrong("json.duplicate_member", "This member is there twice.", path_of(name));
    known_[i] = true;
    found = &object_[i].value;
  }
  return found;
}

template <class T>
Result<const T*> Fields::find_as(std::string_view name, std::string_view expected) {
  TRY(const Value* value, find(name));
  if (value == nullptr) return nullptr;
  if (const auto* typed = value->get<T>()) return typed;
  return wrong("json.type", fmt::format("Expected {}.", expected), path_of(name));
}

Result<std::optional<std::string>> Fields::text(std::string_view name) {
  TRY(const auto* found, find_as<std::string>(name, "text"));
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<std::optional<bool>> Fields::boolean(std::string_view name) {
  TRY(const auto* found, find_as<bool>(name, "true or false"));
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<std::optional<std::int64_t>> Fields::integer(std::string_view name) {
  TRY(const Value* value, find(name));
  if (value == nullptr) return std::nullopt;
  if (const auto* whole = value->get<std::int64_t>()) return *whole;
  if (rules_.numbers_as_text)
    if (const auto number = from_text<std::int64_t>(*value)) return *number;
  return wrong("json.type", "Expected a whole number.", path_of(name));
}

Result<std::optional<double>> Fields::number(std::string_view name) {
  TRY(const Value* value, find(name));
  if (value == nullptr) return std::nullopt;
  if (const auto* real = value->get<double>()) return *real;
  if (const auto* whole = value->get<std::int64_t>()) return static_cast<double>(*whole);
  if (const auto* large = value->get<std::uint64_t>()) return static_cast<double>(*large);
  if (rules_.numbers_as_text)
    if (const auto number = from_text<double>(*value); number && std::isfinite(*number)) return *number;
  return wrong("json.type", "Expected a number.", path_of(name));
}

Result<const Array*> Fields::array(std::string_view name) { return find_as<Array>(name, "an array"); }
Result<const Object*> Fields::object(std::string_view name) { return find_as<Object>(name, "an object"); }

Result<void> Fields::done() const {
  if (rules_.unknown == Unknown::ignored) return {};
  for (std::size_t i = 0; i < object_.size(); ++i)
    if (!known_[i]) return wrong("json.unknown_member", "There is no such member.", path_of(object_[i].name));
  return {};
}

}  // namespace allauth::json
