#include "codec/jose/json_object.h"

#include <algorithm>

#include "codec/json/read.h"

namespace allauth::jose {
namespace {

const json::ReadRules kRules{.bytes = kMaxJsonSize, .depth = kMaxJsonDepth};

JsonValue from_array(const json::Array& array) {
  StringList list;
  for (const auto& item : array) {
    const auto* text = item.get<std::string>();
    if (text == nullptr) return Nested{};
    list.push_back(*text);
  }
  return list;
}

struct Shallow {
  JsonValue operator()(std::nullptr_t) const { return nullptr; }
  JsonValue operator()(bool value) const { return value; }
  JsonValue operator()(std::int64_t value) const { return value; }
  JsonValue operator()(std::uint64_t value) const { return static_cast<double>(value); }
  JsonValue operator()(double value) const { return value; }
  JsonValue operator()(const std::string& value) const { return value; }
  JsonValue operator()(const json::Array& value) const { return from_array(value); }
  JsonValue operator()(const json::Object&) const { return Nested{}; }
};

}  // namespace

std::optional<JsonObject> JsonObject::parse(std::string_view text) {
  const auto document = json::read(text, kRules);
  const auto* object = document ? document->get<json::Object>() : nullptr;
  if (object == nullptr) return std::nullopt;
  std::vector<Member> members;
  for (const auto& member : *object)
    members.push_back({.name = member.name, .value = std::visit(Shallow(), member.value.variant())});
  return JsonObject(std::move(members));
}

const JsonValue* JsonObject::find(std::string_view name) const {
  const auto it = std::ranges::find(members_, name, &Member::name);
  return it == members_.end() ? nullptr : &it->value;
}

const std::string* JsonObject::find_string(std::string_view name) const {
  const JsonValue* value = find(name);
  return value == nullptr ? nullptr : std::get_if<std::string>(value);
}

}  // namespace allauth::jose
