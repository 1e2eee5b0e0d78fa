#include "wire/openapi/answers.h"

#include <array>
#include <string>
#include <string_view>

#include "wire/read_mask.h"

namespace allauth::wire::openapi {
namespace {

using boost::json::array;
using boost::json::object;

struct Problem {
  std::string_view status;
  std::string_view name;  // in components
  std::string_view text;
  std::string_view header{};  // that comes with it
};

constexpr std::array kProblems{
    Problem{"400", "Invalid", "Something in the request is wrong; `field` says what, if it is one input."},
    Problem{"401", "Unauthenticated", "There is no credential, or one that does not hold.",
            "WWW-Authenticate"},
    Problem{"403", "Denied", "The caller is known and may not do that."},
    Problem{"404", "NotFound", "There is no such thing, or none that the caller may know of."},
    Problem{"406", "NotAcceptable", "`Accept` excludes what is answered here."},
    Problem{"409", "Conflict", "It does not go with what there is: a name is taken, something is in use."},
    Problem{"412", "Stale", "The thing no longer has the revision that `If-Match` names."},
    Problem{"413", "TooLarge", "The body is larger than the server takes."},
    Problem{"415", "UnsupportedType", "A body must be `application/json` in UTF-8."},
    Problem{"429", "Exhausted", "Too much is asked for at once; `Retry-After` says when to come again.",
            "Retry-After"},
    Problem{"500", "Bug", "A mistake of the server; its log has it under the request id."},
    Problem{"501", "Unsupported", "This server does not offer that."},
    Problem{"503", "Unavailable", "What it takes to answer cannot be reached now.", "Retry-After"},
};

object refer_to(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

bool is_write(const Operation& operation) {
  const v1::Kind kind = operation.descriptor->options().GetExtension(v1::kind);
  return kind == v1::KIND_WRITE || kind == v1::KIND_WRITE_PASSWORD;
}

// Changes something that is there already.
bool heeds_if_match(const Operation& operation) {
  return is_write(operation) && !operation.is_public && operation.location.empty() &&
         (operation.revision != nullptr || operation.http_method == "DELETE");
}

bool may_be(const Operation& operation, std::string_view status) {
  if (status == "412" && is_conditional_read(operation)) return true;
  if (status == "409") return is_write(operation) || operation.descriptor->server_streaming();
  if (status == "412") return heeds_if_match(operation);
  if (status == "413" || status == "415") return operation.body != Operation::Body::none;
  return true;
}

object text_header(std::string_view description) {
  return {{"description", description}, {"schema", object{{"type", "string"}}}};
}

object parameter(std::string_view name, std::string_view description, object schema) {
  return {{"name", name}, {"in", "header"}, {"description", description}, {"schema", std::move(schema)}};
}

}  // namespace

bool is_conditional_read(const Operation& operation) {
  return operation.http_method == "GET" && operation.revision != nullptr;
}

object fields_parameter() {
  return {{"name", "fields"},
          {"in", "query"},
          {"description",
           "The members of the answer that are wanted, with commas between: `name,tags`; of a "
           "list `clients.name,next_page_token`. Everything without it."},
          {"schema", object{{"type", "string"}, {"maxLength", ReadMask::kMaxBytes}}}};
}

array header_parameters(const Operation& operation) {
  array parameters;
  if (is_conditional_read(operation)) parameters.push_back(refer_to("parameters", "IfNoneMatch"));
  if (heeds_if_match(operation) || is_conditional_read(operation))
    parameters.push_back(refer_to("parameters", "IfMatch"));
  parameters.push_back(refer_to("parameters", "AtLeast"));
  parameters.push_back(refer_to("parameters", "RequestId"));
  if (is_write(operation) && !operation.is_public)
    parameters.push_back(refer_to("parameters", "IdempotencyKey"));
  return parameters;
}

object problems(const Operation& operation) {
  object all;
  for (const auto& problem : kProblems)
    if (may_be(operation, problem.status)) all[problem.status] = refer_to("responses", problem.name);
  return all;
}

object plain_problems() {
  object all;
  for (const auto& problem : kProblems)
    if (problem.status == "500" || problem.status == "503")
      all[problem.status] = refer_to("responses", problem.name);
  return all;
}

object answer_headers(const Operation& operation) {
  object headers{{"X-Request-Id", refer_to("headers", "RequestId")}};
  if (!operation.location.empty()) headers["Location"] = refer_to("headers", "Location");
  if (operation.revision != nullptr) headers["ETag"] = refer_to("headers", "ETag");
  if (is_write(operation)) headers["Allauth-Revision"] = refer_to("headers", "Revision");
  return headers;
}

object parameter_components() {
  return {
      {"IfMatch",
       parameter("If-Match",
                 "Do it only if the thing still has this revision: its ETag, with the quotes. Else 412.",
                 {{"type", "string"}, {"pattern", "^(\\*|\"[^\"]*\")$"}})},
      {"IfNoneMatch", parameter("If-None-Match", "Answer 304 if the thing still has one of these revisions.",
                                {{"type", "string"}})},
      {"AtLeast",
       parameter("Allauth-At-Least",
                 "Answer from a state that has this revision, as `Allauth-Revision` gave it. A node that "
                 "does not get there in time answers 503.",
                 {{"type", "string"}, {"pattern", "^[0-9]{1,19}$"}})},
      {"IdempotencyKey",
       parameter(
           "Idempotency-Key",
           "A name of your own for this request. Sent again under it within 24 hours, it gets the first "
           "answer again, with `Idempotency-Replayed: true`, and changes nothing.",
           {{"type", "string"}, {"pattern", "^[ -~]{1,64}$"}})},
      {"RequestId", parameter("X-Request-Id", "Comes back in the answer, and is in the logs and the audit.",
                              {{"type", "string"}, {"pattern", "^[A-Za-z0-9._~:@|=-]{1,64}$"}})},
  };
}

object header_components() {
  return {
      {"ETag", text_header("The revision of the thing, in quotes; for `If-Match`.")},
      {"Location", text_header("Where the new thing is, as a path.")},
      {"RequestId", text_header("The request's own `X-Request-Id`, or one that was made for it.")},
      {"Revision", text_header("The state that has this change; for `Allauth-At-Least`.")},
      {"Retry-After",
       object{{"description", "Seconds."}, {"schema", object{{"type", "integer"}, {"minimum", 0}}}}},
      {"WWW-Authenticate", text_header("The scheme that would do.")},
  };
}

object problem_components() {
  object all;
  for (const auto& problem : kProblems) {
    object headers{{"X-Request-Id", refer_to("headers", "RequestId")}};
    if (!problem.header.empty()) headers[problem.header] = refer_to("headers", problem.header);
    object content{{"application/problem+json", object{{"schema", refer_to("schemas", "Problem")}}}};
    all[problem.name] = object{
        {"description", problem.text}, {"headers", std::move(headers)}, {"content", std::move(content)}};
  }
  return all;
}

object problem_schema() {
  const auto text = [](std::string_view description) {
    return object{{"type", "string"}, {"description", description}};
  };
  object reason = text("What went wrong, for programs: stable, such as `route.taken`.");
  reason["pattern"] = "^[a-z0-9_]+(\\.[a-z0-9_]+)+$";
  object members{
      {"type", text("Always `about:blank`.")},
      {"title", text("The status in words.")},
      {"status", object{{"type", "integer"}, {"description", "The status of the answer."}}},
      {"detail", text("What went wrong, for people.")},
      {"reason", std::move(reason)},
      {"field", text("The input at fault, where it is one: `tags[3]`, `metadata.a`.")},
      {"request_id",
       text("The answer's `X-Request-Id`; missing where a request was refused before it was read.")},
  };
  return {{"type", "object"},
          {"description", "Every error, as RFC 9457 has it."},
          {"properties", std::move(members)},
          {"required", array{"type", "title", "status", "detail", "reason"}}};
}

object security_components() {
  return {
      {"bearer", object{{"type", "http"},
                        {"scheme", "bearer"},
                        {"bearerFormat", "JWT"},
                        {"description", "The access token of a session (`POST /api/v1/sessions`)."}}},
      {"basic", object{{"type", "http"},
                       {"scheme", "basic"},
                       {"description", "A client: its id as the name, its key as the password."}}},
      {"mutual_tls", object{{"type", "mutualTLS"},
                            {"description", "A client certificate, where the listener asks for one."}}},
  };
}

}  // namespace allauth::wire::openapi
