// Calls the API of a running server, for the commands of the command line. Over libcurl.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace allauth::server::cli {

struct ApiAnswer {
  long status = 0;
  std::string body;
};

struct ApiTarget {
  std::string server;   // "http://127.0.0.1:8080"
  Secret token;         // bearer; may be empty
  std::string ca_file;  // PEM; empty: the system's
};

// One request; `body` is JSON or empty. Error: unavailable server.unreachable.
Result<ApiAnswer> call_api(const ApiTarget& target, std::string_view method, std::string_view path,
                           std::string_view body);

}  // namespace allauth::server::cli
