#include "wire/rest/operation.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/rest/json_scalar.h"
#include "wire/rest/json_write.h"
#include "wire/rest/router.h"

namespace allauth::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

std::unexpected<Error> bad(Reason reason, const std::string& where, std::string_view what) {
  return fail(Code::bug, reason, fmt::format("{}: {}", where, what));
}

Result<void> check_enum(const google::protobuf::EnumDescriptor& type) {
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    const std::string word = enum_word(value);
    if (value.number() == 0) continue;
    std::string spelt;  // back from the word to the name
    for (char c : type.name()) {
      if (c >= 'A' && c <= 'Z' && !spelt.empty()) spelt += '_';
      spelt += ascii_lower(std::string_view(&c, 1));
    }
    if (word.empty() || spelt + "_" + word != ascii_lower(value.name()))
      return bad("schema.enum", value.full_name(), "it must begin with its type's name");
  }
  return {};
}

Result<void> check_type(const Descriptor& type, std::set<const Descriptor*>& done) {
  if (shape_of(type) != Shape::message || !done.insert(&type).second) return {};
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    if (field.is_map()) return bad("schema.type", field.full_name(), "maps have no place in this API");
    switch (field.type()) {
      case FieldDescriptor::TYPE_STRING:
      case FieldDescriptor::TYPE_BOOL:
      case FieldDescriptor::TYPE_INT32:
      case FieldDescriptor::TYPE_UINT32:
      case FieldDescriptor::TYPE_DOUBLE:
        break;
      case FieldDescriptor::TYPE_ENUM:
        TRY(check_enum(*field.enum_type()));
        break;
      case FieldDescriptor::TYPE_MESSAGE:
        TRY(check_type(*field.message_type(), done));
        break;
      default:
        return bad("schema.type", field.full_name(), "its type cannot be written as JSON here");
    }
  }
  return {};
}

Result<void> set_pattern(const v1::HttpRule& rule, Operation& op) {
  switch (rule.pattern_case()) {
    case v1::HttpRule::kGet:
      op.http_method = "GET";
      op.path = rule.get();
      return {};
    case v1::HttpRule::kPost:
      op.http_method = "POST";
      op.path = rule.post();
      return {};
    case v1::HttpRule::kPatch:
      op.http_method = "PATCH";
      op.path = rule.patch();
      return {};
    case v1::HttpRule::kPut:
      op.http_method = "PUT";
      op.path = rule.put();
      return {};
    case v1::HttpRule::kDelete:
      op.http_method = "DELETE";
      op.path = rule.delete_();
      return {};
    case v1::HttpRule::PATTERN_NOT_SET:
      break;
  }
  return bad("schema.route", op.descriptor->full_name(), "it has no route");
}

Result<void> set_path_fields(Operation& op) {
  TRY(const auto parsed, Router::parse(op.path));
  for (const auto& name : parsed.names) {
    const auto* field = op.descriptor->input_type()->FindFieldByName(name);
    if (field == nullptr || field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING)
      return bad("schema.route", op.descriptor->full_name(), "a name in its path is not a string field");
    op.path_fields.push_back(field);
    op.bound.push_back(field);
  }
  return {};
}

Result<void> set_body(const v1::HttpRule& rule, Operation& op) {
  const std::string& where = op.descriptor->full_name();
  if (rule.body() == "*") {
    op.body = Operation::Body::whole;
    // Over REST the members of the body say what changes.
    if (const auto* mask = op.descriptor->input_type()->FindFieldByName("update_mask"))
      op.bound.push_back(mask);
  } else if (!rule.body().empty()) {
    op.body = Operation::Body::field;
    op.body_field = op.descriptor->input_type()->FindFieldByName(rule.body());
    if (op.body_field == nullptr || op.body_field->is_repeated() ||
        op.body_field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      return bad("schema.body", where, "its body is not a message field");
    op.bound.clear();  // the body's members are those of another message
  }
  if (op.body != Operation::Body::none && (op.http_method == "GET" || op.http_method == "DELETE"))
    return bad("schema.body", where, "a body goes with POST, PUT and PATCH only");
  return {};
}

// Values without structure, times, and free-form objects as JSON text.
bool fits_query(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const Shape shape = shape_of(*field.message_type());
  return shape == Shape::time || (shape == Shape::object && !field.is_repeated());
}

Result<void> set_query_fields(Operation& op) {
  if (op.body == Operation::Body::whole) return {};
  for (int i = 0; i < op.descriptor->input_type()->field_count(); ++i) {
    const auto* field = op.descriptor->input_type()->field(i);
    if (field == op.body_field || std::ranges::find(op.path_fields, field) != op.path_fields.end()) continue;
    if (!fits_query(*field)) return bad("schema.query", field->full_name(), "a query string cannot carry it");
    if (field->options().GetExtension(v1::secret))
      return bad("schema.query", field->full_name(), "a secret must not be in a query string");
    op.query_fields.push_back(field);
  }
  return {};
}

// The string that "a.b" names in a message, nothing if it names none.
const FieldDescriptor* resolve(const Descriptor& type, std::string_view dotted) {
  const Descriptor* at = &type;
  const FieldDescriptor* field = nullptr;
  for (std::string_view name : split(dotted, '.')) {
    field = at == nullptr ? nullptr : at->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_repeated()) return nullptr;
    at = field->message_type();
  }
  return field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? field : nullptr;
}

Result<void> set_answer(const v1::HttpRule& rule, Operation& op) {
  const Descriptor& answer = *op.descriptor->output_type();
  const std::string& where = op.descriptor->full_name();
  op.answers_nothing = answer.full_name() == "google.protobuf.Empty";
  op.location = rule.location();
  if (op.descriptor->name().starts_with("Create") && op.location.empty())
    return bad("schema.location", where, "a method that creates must say the location");
  if (!op.location.empty()) {
    TRY(const auto parsed, Router::parse(op.location));
    for (const auto& name : parsed.names)
      if (resolve(answer, name) == nullptr)
        return bad("schema.location", where, "a name in its location is not a string of the answer");
  }
  if (!answer.options().GetExtension(v1::entity)) return {};
  op.revision = resolve(answer, "revision");
  if (op.revision == nullptr) return bad("schema.entity", answer.full_name(), "an entity needs a revision");
  return {};
}

// RFC 3986 §3.3: what a path segment may hold as it is, less what could mislead a reader.
void append_segment(std::string& out, std::string_view text) {
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~:@=").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
}

std::string text_at(const Message& message, std::string_view dotted) {
  const auto dot = dotted.find('.');
  const auto* field = message.GetDescriptor()->FindFieldByName(std::string(dotted.substr(0, dot)));
  if (dot == std::string_view::npos) return message.GetReflection()->GetString(message, field);
  return text_at(message.GetReflection()->GetMessage(message, field), dotted.substr(dot + 1));
}

}  // namespace

Result<Operation> compile(const google::protobuf::MethodDescriptor& descriptor, const Method& method) {
  const v1::HttpRule& rule = descriptor.options().GetExtension(v1::http);
  Operation op{.descriptor = &descriptor, .method = &method};
  op.is_public = descriptor.options().GetExtension(v1::public_);
  op.work = work_of(descriptor);
  op.request = google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor.input_type());
  if (op.request == nullptr || descriptor.client_streaming())
    return bad("schema.method", descriptor.full_name(), "it is not a compiled-in method with one request");
  op.streams = descriptor.server_streaming();
  TRY(check_schema(*descriptor.input_type()));
  TRY(check_schema(*descriptor.output_type()));
  TRY(set_pattern(rule, op));
  TRY(set_path_fields(op));
  TRY(set_body(rule, op));
  TRY(set_query_fields(op));
  TRY(set_answer(rule, op));
  return op;
}

Result<void> check_schema(const Descriptor& type) {
  std::set<const Descriptor*> done;
  return check_type(type, done);
}

std::string render_location(const std::string& location, const Message& response) {
  std::string out;
  for (std::string_view segment : split(std::string_view(location).substr(1), '/')) {
    out += '/';
    if (segment.starts_with('{'))
      append_segment(out, text_at(response, segment.substr(1, segment.size() - 2)));
    else
      out += segment;
  }
  return out;
}

}  // namespace allauth::wire
