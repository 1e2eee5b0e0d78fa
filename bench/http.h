// HTTP/1.1 as a client of the API needs it: whole requests as bytes, one answer at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/error.h"
#include "bench/socket.h"

namespace allauth::bench {

// A request that keeps its connection; with a bearer token unless that is empty.
std::string http_request(std::string_view method, std::string_view path, std::string_view token,
                         std::string_view body);

// The first complete answer in `bytes`.
struct HttpAnswer {
  int status = 0;
  std::string_view body;
  std::size_t size = 0;  // bytes of the whole answer
  bool closes = false;   // the server ends the connection after it
};
// Nothing while it is incomplete. Answers are framed by Content-Length.
std::optional<HttpAnswer> parse_answer(std::string_view bytes);

// One call on a connection of its own. An error unless the status is 2xx; an object if there is a body.
Result<boost::json::object> call(const Target& target, std::string_view method, std::string_view path,
                                 std::string_view token, std::string_view body);

// The text at a path of member names ("client.id"). Error: answer.member.
Result<std::string> text_at(const boost::json::object& object, std::string_view path);

}  // namespace allauth::bench
