// Calls another server over HTTP or HTTPS, for the command line and for nodes without a database. Over
// libcurl, which verifies certificates.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace allauth::server {

struct ApiTarget {
  std::string server;            // "http://127.0.0.1:8080"
  Secret token;                  // bearer; may be empty
  std::string ca_file;           // PEM; empty: the system's
  std::string certificate_file;  // PEM, to show if asked for; may be empty
  std::string key_file;
  std::string basic_name{};  // not empty: the scheme is Basic, with this name and the token as its password
  bool from_server = false;  // a server calls: directly, whatever proxies the environment names
};

inline constexpr Millis kLongestCall{60'000};

struct ApiAnswer {
  long status = 0;
  std::string body;
};

// One request; `body` is JSON or empty. `if_match`: the revision that what is changed must still have; empty:
// any. Blocks, at most for `longest`.
// Errors: unavailable server.unreachable; unavailable server.certificate if its certificate is not trusted.
Result<ApiAnswer> call_api(const ApiTarget& target, std::string_view method, std::string_view path,
                           std::string_view body, Millis longest = kLongestCall,
                           std::string_view if_match = {});

struct StreamWatch {
  // What came of a 200 answer's body; an error ends the stream and is answered.
  std::function<Result<void>(std::string_view bytes)> on_bytes;
  // Asked several times a second; an error ends the stream and is answered.
  std::function<Result<void>()> go_on;
  Millis connect_timeout{5000};
};

// Reads an endless answer to GET; blocks until it ends, which is an error too. Errors: those of call_api;
// unavailable stream.ended; unauthenticated stream.refused for the answers 401 and 403, else unavailable
// stream.refused, with the server's words as detail.
Result<void> read_stream(const ApiTarget& target, std::string_view path, const StreamWatch& watch);

}  // namespace allauth::server
