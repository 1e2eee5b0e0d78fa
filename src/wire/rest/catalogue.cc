#include "wire/rest/catalogue.h"

#include <algorithm>
#include <optional>

#include "wire/method.h"
#include "wire/rest/json_scalar.h"
#include "wire/rest/json_write.h"
#include "wire/rest/operation.h"

namespace allauth::wire {
namespace {

using Field = google::protobuf::FieldDescriptor;
using Type = RequestField::Type;

Type type_of(const Field& field) {
  switch (field.cpp_type()) {
    case Field::CPPTYPE_BOOL:
      return Type::flag;
    case Field::CPPTYPE_STRING:
      return Type::text;
    case Field::CPPTYPE_ENUM:
      return Type::word;
    case Field::CPPTYPE_MESSAGE:
      break;
    default:
      return Type::number;
  }
  if (shape_of(*field.message_type()) == Shape::time) return Type::time;
  return shape_of(*field.message_type()) == Shape::object ? Type::object : Type::message;
}

bool has(const std::vector<const Field*>& fields, const Field* field) {
  return std::ranges::find(fields, field) != fields.end();
}

// Nothing for what REST says in another way, such as the mask of an update.
std::optional<RequestField> make_field(const Operation& op, const Field* field) {
  RequestField made{.name = field->name(), .type = type_of(*field)};
  if (has(op.path_fields, field))
    made.place = RequestField::Place::path;
  else if (has(op.query_fields, field))
    made.place = RequestField::Place::query;
  else if (op.body != Operation::Body::whole || has(op.bound, field))
    return std::nullopt;
  made.repeated = field->is_repeated();
  made.optional = field->has_optional_keyword();
  made.secret = field->options().GetExtension(v1::secret);
  if (made.type == Type::word)
    for (int i = 0; i < field->enum_type()->value_count(); ++i)
      if (auto word = enum_word(*field->enum_type()->value(i)); !word.empty())
        made.words.push_back(std::move(word));
  return made;
}

std::vector<RestMethod> make_methods() {
  static const Method none{};
  std::vector<RestMethod> methods;
  for (const auto* service : native_services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& descriptor = *service->method(i);
      if (descriptor.server_streaming()) continue;
      const auto op = compile(descriptor, none);
      if (!op) continue;  // the start of a server says so
      RestMethod method{.name = service->name() + "." + descriptor.name(),
                        .http_method = op->http_method,
                        .path = op->path,
                        .fields = {}};
      for (int f = 0; f < descriptor.input_type()->field_count(); ++f)
        if (auto field = make_field(*op, descriptor.input_type()->field(f)))
          method.fields.push_back(std::move(*field));
      methods.push_back(std::move(method));
    }
  }
  return methods;
}

}  // namespace

const RequestField* RestMethod::find(std::string_view field) const {
  const auto at = std::ranges::find(fields, field, &RequestField::name);
  return at == fields.end() ? nullptr : &*at;
}

const std::vector<RestMethod>& rest_methods() {
  static const std::vector<RestMethod> methods = make_methods();
  return methods;
}

const RestMethod* find_rest_method(std::string_view name) {
  const auto at = std::ranges::find(rest_methods(), name, &RestMethod::name);
  return at == rest_methods().end() ? nullptr : &*at;
}

}  // namespace allauth::wire
