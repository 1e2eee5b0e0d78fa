#include "wire/openapi/schemas.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>

#include "wire/rest/json_scalar.h"
#include "wire/rest/json_write.h"

namespace allauth::wire::openapi {
namespace {

using boost::json::array;
using boost::json::object;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void collect(const Descriptor& type, std::set<const Descriptor*>& into) {
  if (shape_of(type) != Shape::message || !into.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i)
    if (const auto* inner = type.field(i)->message_type()) collect(*inner, into);
}

template <class Number>
object whole_number() {
  return {{"type", "integer"},
          {"minimum", std::numeric_limits<Number>::min()},
          {"maximum", std::numeric_limits<Number>::max()}};
}

// REST leaves out of an answer what has presence and is not there.
bool is_always_written(const FieldDescriptor& field) {
  return field.is_repeated() || (!field.has_presence() && field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM);
}

// Of the members of a `oneof`, a request may have one.
array exclusions(const Descriptor& type) {
  array pairs;
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const auto& oneof = *type.oneof_decl(i);
    for (int a = 0; a < oneof.field_count(); ++a)
      for (int b = a + 1; b < oneof.field_count(); ++b)
        pairs.push_back(
            object{{"not", object{{"required", array{oneof.field(a)->name(), oneof.field(b)->name()}}}}});
  }
  return pairs;
}

object refer_to(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

// "UpdateUserRequest" without its path members is the "UpdateUserBody".
std::string body_name(const std::string& request) {
  constexpr std::string_view kRequest = "Request";
  return (request.ends_with(kRequest) ? request.substr(0, request.size() - kRequest.size()) : request) +
         "Body";
}

void put_description(object& schema, const std::string& text) {
  if (!text.empty()) schema["description"] = text;
}

}  // namespace

Schemas::Schemas(const Comments& comments, std::span<const Operation> operations) : comments_(comments) {
  for (const auto& operation : operations) collect(*operation.descriptor->output_type(), in_answers_);
}

Result<object> Schemas::body(const Operation& operation) {
  if (operation.body == Operation::Body::field)
    return reference(*operation.body_field->message_type(), Use::request);
  const Descriptor& type = *operation.descriptor->input_type();
  object schema = describe(type, Use::request, operation.bound);
  if (schema["properties"].as_object().empty()) return object{};
  if (operation.bound.empty()) return reference(type, Use::request);
  const std::string name = body_name(type.name());
  const auto [made, is_new] = made_.try_emplace(name, schema);
  if (!is_new && made->second != schema)
    return fail(Code::bug, "schema.name",
                operation.descriptor->full_name() + ": another body is named " + name);
  return refer_to(name);
}

object Schemas::answer(const Operation& operation) {
  return reference(*operation.descriptor->output_type(), Use::answer);
}

object Schemas::parameter(const Field& field) {
  object schema = member(field, Use::request);
  schema.erase("description");
  return schema;
}

object Schemas::components() && {
  object all;
  for (auto& [name, schema] : made_) all[name] = std::move(schema);
  return all;
}

object Schemas::reference(const Message& type, Use use) {
  switch (shape_of(type)) {
    case Shape::object:
      return {{"type", "object"}, {"additionalProperties", true}};
    case Shape::value:
      return {};
    case Shape::array:
      return {{"type", "array"}, {"items", object{}}};
    case Shape::time:
      return {{"type", "string"}, {"format", "date-time"}};
    case Shape::message:
      break;
  }
  const bool both = use == Use::request && in_answers_.contains(&type);
  const std::string name = both ? type.name() + "Input" : type.name();
  if (made_.try_emplace(name).second) made_[name] = describe(type, use, {});
  return refer_to(name);
}

object Schemas::reference(const google::protobuf::EnumDescriptor& type) {
  if (made_.contains(type.name())) return refer_to(type.name());
  array words;
  std::string text = comments_.of(type);
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string word = enum_word(*type.value(i));
    if (word.empty()) continue;
    words.emplace_back(word);
    if (const std::string meaning = comments_.of(*type.value(i)); !meaning.empty())
      text += (text.empty() ? "" : "\n") + ("- `" + word + "`: ") + meaning;
  }
  object schema{{"type", "string"}, {"enum", std::move(words)}};
  put_description(schema, text);
  made_[type.name()] = std::move(schema);
  return refer_to(type.name());
}

object Schemas::describe(const Message& type, Use use, std::span<const Field* const> without) {
  object members;
  array required;
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    if (std::ranges::find(without, &field) != without.end()) continue;
    members[field.name()] = member(field, use);
    if (use == Use::answer && is_always_written(field)) required.emplace_back(field.name());
  }
  object schema{{"type", "object"}, {"properties", std::move(members)}};
  if (!required.empty()) schema["required"] = std::move(required);
  if (use == Use::request) schema["additionalProperties"] = false;
  if (array pairs = exclusions(type); use == Use::request && !pairs.empty())
    schema["allOf"] = std::move(pairs);
  put_description(schema, comments_.of(type));
  if (type.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

// Of one value of it, if it is repeated.
object Schemas::value(const Field& field, Use use) {
  switch (field.cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      return reference(*field.message_type(), use);
    case Field::CPPTYPE_ENUM:
      return reference(*field.enum_type());
    case Field::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case Field::CPPTYPE_INT32:
      return whole_number<std::int32_t>();
    case Field::CPPTYPE_UINT32:
      return whole_number<std::uint32_t>();
    case Field::CPPTYPE_DOUBLE:
      return {{"type", "number"}};
    default:
      return {{"type", "string"}};
  }
}

object Schemas::member(const Field& field, Use use) {
  object schema = value(field, use);
  if (field.options().GetExtension(v1::secret)) {
    schema["format"] = "password";
    schema[use == Use::request ? "writeOnly" : "readOnly"] = true;
  }
  if (field.is_repeated()) schema = object{{"type", "array"}, {"items", std::move(schema)}};
  put_description(schema, comments_.of(field));
  if (field.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

}  // namespace allauth::wire::openapi
