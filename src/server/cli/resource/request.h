// What was typed -> the request of a method.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "server/cli/table/command.h"
#include "wire/rest/catalogue.h"

namespace allauth::server::cli {

// The values of a request's fields, as text, by field name. Several of one that is repeated.
using FieldValues = std::map<std::string, std::vector<std::string>, std::less<>>;

struct ApiRequest {
  std::string method;
  std::string path;  // with the query string
  std::string body;  // JSON; may hold secrets: wipe_memory it

  ApiRequest() = default;
  ApiRequest(ApiRequest&&) = default;
  ApiRequest& operator=(ApiRequest&&) = default;
  ~ApiRequest();
};

// Errors, all "usage": a field of the path is empty; a number, or metadata, that is none.
Result<ApiRequest> make_request(const wire::RestMethod& method, const FieldValues& values);

// RFC 3986: all but unreserved characters as %XX.
std::string percent_encoded(std::string_view text);

struct Ref {
  std::string kind;
  std::string id;
};

// "channel:ID"; a thing with @ is a user; "me" is the user who asks; "platform" has no id. Error: usage.
Result<Ref> parse_ref(std::string_view text);

}  // namespace allauth::server::cli
