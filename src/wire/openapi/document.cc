#include "wire/openapi/document.h"

#include <utility>

#include <boost/json/serialize.hpp>

#include "wire/openapi/answers.h"
#include "wire/openapi/schemas.h"
#include "wire/rest/json_scalar.h"

namespace allauth::wire::openapi {
namespace {

using boost::json::array;
using boost::json::object;
using google::protobuf::ServiceDescriptor;
using Services = std::span<const ServiceDescriptor* const>;

constexpr std::string_view kDiscovery = "Discovery";

Result<std::vector<Operation>> compile_all(Services services) {
  static const Method kNoHandler;
  std::vector<Operation> operations;
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      TRY(auto operation, compile(*service->method(i), kNoHandler));
      operations.push_back(std::move(operation));
    }
  }
  return operations;
}

// "UserService" -> "User"; "CreateFirstAdmin" -> "Create first admin".
std::string tag_of(const ServiceDescriptor& service) {
  constexpr std::string_view kService = "Service";
  const std::string& name = service.name();
  return name.ends_with(kService) ? name.substr(0, name.size() - kService.size()) : name;
}
std::string words_of(std::string_view name) {
  std::string words;
  for (char c : name) {
    const bool starts_word = c >= 'A' && c <= 'Z' && !words.empty();
    if (starts_word) words += ' ';
    words += starts_word ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

void put_text(object& into, std::string_view member, std::string_view text) {
  if (!text.empty()) into[member] = text;
}

// Objects stand in a query string as JSON, which is no style of parameters but a content of one.
bool is_json_text(const Schemas::Field& field) {
  return field.cpp_type() == Schemas::Field::CPPTYPE_MESSAGE &&
         shape_of(*field.message_type()) == Shape::object;
}

// What makes the document of one API; a step of it per function.
class Document {
 public:
  Document(const Comments& comments, std::span<const Operation> operations)
      : comments_(comments), schemas_(comments, operations) {}

  Result<void> add(const Operation& operation) {
    const auto& method = *operation.descriptor;
    object described{{"tags", array{tag_of(*method.service())}},
                     {"operationId", method.service()->name() + "_" + method.name()},
                     {"summary", words_of(method.name())}};
    put_text(described, "description", comments_.of(method));
    described["parameters"] = parameters(operation);
    TRY(object body, request_body(operation));
    if (!body.empty()) described["requestBody"] = std::move(body);
    described["responses"] = responses(operation);
    if (operation.is_public) described["security"] = array{};
    if (method.options().deprecated()) described["deprecated"] = true;
    described["x-grpc-method"] = "/" + method.service()->full_name() + "/" + method.name();
    put(operation.path, operation.http_method, std::move(described));
    return {};
  }

  void add(const PlainRoute& route) {
    object ok{{"description", "OK"},
              {"content", object{{route.content_type, object{{"schema", object{{"type", "object"}}}}}}}};
    object answers{{"200", std::move(ok)}};
    for (auto& [status, problem] : plain_problems()) answers[status] = problem;
    object described{
        {"tags", array{kDiscovery}}, {"operationId", route.operation_id}, {"summary", route.summary}};
    put_text(described, "description", route.description);
    described["responses"] = std::move(answers);
    described["security"] = array{};
    put(route.path, "GET", std::move(described));
  }

  std::string finish(object info, array tags) && {
    object components{{"schemas", std::move(schemas_).components()},
                      {"responses", problem_components()},
                      {"parameters", parameter_components()},
                      {"headers", header_components()},
                      {"securitySchemes", security_components()}};
    components["schemas"].as_object()["Problem"] = problem_schema();
    return boost::json::serialize(object{
        {"openapi", "3.1.0"},
        {"info", std::move(info)},
        {"servers", array{object{{"url", "/"}}}},
        {"security",
         array{object{{"bearer", array{}}}, object{{"basic", array{}}}, object{{"mutual_tls", array{}}}}},
        {"tags", std::move(tags)},
        {"paths", std::move(paths_)},
        {"components", std::move(components)}});
  }

 private:
  void put(const std::string& path, std::string_view http_method, object described) {
    auto& methods = paths_[path];
    if (!methods.is_object()) methods = object{};
    std::string name(http_method);
    for (char& c : name) c = static_cast<char>(c - 'A' + 'a');
    methods.as_object()[name] = std::move(described);
  }

  object parameter(const Schemas::Field& field, std::string_view in) {
    object described{{"name", field.name()}, {"in", in}};
    put_text(described, "description", comments_.of(field));
    if (in == "path") described["required"] = true;
    object schema = schemas_.parameter(field);
    if (in == "path") schema["minLength"] = 1;
    if (is_json_text(field))
      described["content"] = object{{"application/json", object{{"schema", std::move(schema)}}}};
    else
      described["schema"] = std::move(schema);
    return described;
  }

  array parameters(const Operation& operation) {
    array all;
    for (const auto* field : operation.path_fields) all.push_back(parameter(*field, "path"));
    for (const auto* field : operation.query_fields) all.push_back(parameter(*field, "query"));
    if (operation.http_method == "GET") all.push_back(fields_parameter());
    for (auto& header : header_parameters(operation)) all.push_back(header);
    return all;
  }

  Result<object> request_body(const Operation& operation) {
    if (operation.body == Operation::Body::none) return object{};
    TRY(object schema, schemas_.body(operation));
    if (schema.empty()) return object{};
    object content{{"application/json", object{{"schema", std::move(schema)}}}};
    return object{{"content", std::move(content)}};
  }

  object responses(const Operation& operation) {
    const bool streams = operation.descriptor->server_streaming();
    object ok{{"description", streams                      ? "One message per line, as they come."
                              : operation.answers_nothing  ? "Done."
                              : operation.location.empty() ? "OK"
                                                           : "Made."},
              {"headers", answer_headers(operation)}};
    if (!operation.answers_nothing) {
      const object schema{{"schema", schemas_.answer(operation)}};
      object content{{streams ? "application/x-ndjson" : "application/json", schema}};
      if (streams) content["text/event-stream"] = schema;
      ok["content"] = std::move(content);
    }
    object all;
    all[operation.answers_nothing ? "204" : operation.location.empty() ? "200" : "201"] = std::move(ok);
    if (is_conditional_read(operation))
      all["304"] = object{{"description", "It still has the revision that `If-None-Match` names."},
                          {"headers", answer_headers(operation)}};
    for (auto& [status, problem] : problems(operation)) all[status] = problem;
    return all;
  }

  const Comments& comments_;
  Schemas schemas_;
  object paths_;
};

object info_of(Services services, const Comments& comments, const DocumentOptions& options) {
  object info{{"title", "AllAuth"}, {"version", options.version}};
  // The rules that hold everywhere stand at the top of the file that all others import.
  const auto* common =
      services.empty() ? nullptr : services[0]->file()->pool()->FindFileByName("allauth/v1/common.proto");
  if (common != nullptr) put_text(info, "description", comments.of(*common));
  info["license"] = object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}};
  return info;
}

array tags_of(Services services, const Comments& comments, bool has_plain_routes) {
  array tags;
  for (const auto* service : services) {
    object tag{{"name", tag_of(*service)}};
    const std::string own = comments.of(*service);
    put_text(tag, "description", own.empty() ? comments.of(*service->file()) : own);
    tags.push_back(std::move(tag));
  }
  if (has_plain_routes)
    tags.push_back(object{{"name", kDiscovery}, {"description", "What others need to know of this server."}});
  return tags;
}

}  // namespace

DocumentOptions native_options(std::string version) {
  return {.version = std::move(version),
          .plain_routes = {
              {.path = "/.well-known/jwks.json",
               .operation_id = "Discovery_GetKeys",
               .summary = "Get keys",
               .description = "The public keys that access tokens are signed with, as a JWK set (RFC 7517).",
               .content_type = "application/jwk-set+json"}}};
}

Result<std::string> make_document(Services services, std::string_view descriptor_set,
                                  const DocumentOptions& options) {
  TRY(const auto comments, Comments::parse(descriptor_set));
  TRY(const auto operations, compile_all(services));
  Document document(comments, operations);
  for (const auto& operation : operations) TRY(document.add(operation));
  for (const auto& route : options.plain_routes) document.add(route);
  return std::move(document).finish(info_of(services, comments, options),
                                    tags_of(services, comments, !options.plain_routes.empty()));
}

}  // namespace allauth::wire::openapi
