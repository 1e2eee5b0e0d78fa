#include "wire/rest/problem.h"

#include "base/text.h"

namespace allauth::wire {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

}  // namespace

int status_of(const Error& error) {
  if (error.reason == kMethodNotAllowed) return 405;
  if (error.reason == kNotAcceptable) return 406;
  if (error.reason == kBodyTooLarge) return 413;
  if (error.reason == kUnsupportedMediaType) return 415;
  return http::status_of(error.code);
}

std::string_view phrase_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

http::Response problem(const Error& error, std::string_view request_id) {
  const int status = status_of(error);
  const bool hidden = error.code == Code::bug;
  http::Response response{.status = status};
  std::string& body = response.body;
  body = R"({"type":"about:blank")";
  append_member(body, "title", phrase_of(status));
  body += R"(,"status":)" + std::to_string(status);
  append_member(body, "detail",
                hidden ? "This failed for a reason inside the server; its log has it under the request id."
                       : std::string_view(error.message));
  append_member(body, "reason", error.reason.slug());
  if (!error.field.empty() && !hidden) append_member(body, "field", error.field);
  append_member(body, "request_id", request_id);
  body += '}';
  response.headers.push_back({"Content-Type", "application/problem+json"});
  if (error.retry_after)
    response.headers.push_back({"Retry-After", std::to_string(error.retry_after->count())});
  if (status == 401) response.headers.push_back({"WWW-Authenticate", R"(Bearer realm="allauth")"});
  return response;
}

}  // namespace allauth::wire
