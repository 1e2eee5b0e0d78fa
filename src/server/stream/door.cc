#include "server/stream/door.h"

#include "base/text.h"

namespace allauth::server {
namespace {

struct Asked {
  std::string from, view = "node";
};

Result<Asked> read_query(const http::Request& request) {
  const auto pairs = http::parse_query(request.query);
  if (!pairs) return fail(Code::invalid, "http.query", "The query string is broken.");
  Asked asked;
  for (const auto& [name, value] : *pairs) {
    if (name == "from")
      asked.from = value;
    else if (name == "view")
      asked.view = value;
    else
      return fail(Code::invalid, "http.query", "The log takes from and view.", name);
  }
  return asked;
}

}  // namespace

Secret bearer_of(const http::Headers& headers) {
  constexpr std::string_view kScheme = "bearer ";
  const auto value = http::find_header(headers, "Authorization").value_or("");
  if (ascii_lower(value.substr(0, kScheme.size())) != kScheme) return {};
  return Secret(std::string(value.substr(kScheme.size())));
}

std::string StreamDoor::first_frame(const StreamView& view) const {
  return encode_frame(Hello{.issuer = hello_.issuer,
                            .audience = hello_.audience,
                            .keys = hello_.keys,
                            .digest_key = view.has_secrets() ? hello_.digest_key.copy() : Secret()});
}

Result<http::Response> StreamDoor::open(const http::Request& request) const {
  const Secret bearer = bearer_of(request.headers);
  TRY(auto node, access_.admit(request.peer, &bearer));
  TRY(const auto asked, read_query(request));
  TRY(auto view, StreamView::parse(asked.view));
  std::optional<store::LogCursor> from;
  if (!asked.from.empty()) {
    TRY(from, store::parse_log_cursor(asked.from));
  }
  auto hello = first_frame(view);
  TRY(auto body, feed_.open({.name = std::move(node.name),
                             .hello = std::move(hello),
                             .view = std::move(view),
                             .from = from,
                             .allowed = std::move(node.allowed)}));
  return http::Response{.status = 200,
                        .headers = {{"Content-Type", "application/x-protobuf; delimited=true"}},
                        .body = {},
                        .stream = std::move(body)};
}

}  // namespace allauth::server
