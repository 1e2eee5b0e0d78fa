#include "net/http_problem.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "net/http_response.h"

namespace allauth::net {
namespace {

struct Special {
  Reason reason;
  int status;
};

// Reasons whose status says more than that of their code.
constexpr Special kSpecial[] = {
    {"http.method.trace", 405},        {"http.head.timeout", 408},    {"http.body.timeout", 408},
    {"http.body.too_large", 413},      {"http.target.too_long", 414}, {"http.expectation.unknown", 417},
    {"http.header.too_large", 431},    {"http.header.too_many", 431}, {"http.answer.missing", 500},
    {"http.version.unsupported", 505},
};

void member(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format(",\"{}\":", name);
  append_json_string(out, value);
}

}  // namespace

int problem_status(const Error& error) {
  for (const auto& special : kSpecial)
    if (special.reason == error.reason) return special.status;
  return http::status_of(error.code);
}

http::Response make_problem(const Error& error) {
  const int status = problem_status(error);
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "application/problem+json"});
  if (status == 405) response.headers.push_back({"Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"});
  response.body = fmt::format(R"({{"type":"about:blank","status":{})", status);
  member(response.body, "title", status_text(status));
  member(response.body, "reason", error.reason.slug());
  member(response.body, "detail", error.message);
  response.body += '}';
  return response;
}

}  // namespace allauth::net
