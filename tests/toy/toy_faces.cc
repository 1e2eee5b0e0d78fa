// Instead of src/server/run/face_list.cc: the faces of the program and two more, over HTTP and over gRPC,
// which say what a face sees.
#include <fmt/format.h>

#include "app/identity/authenticate.h"
#include "base/text.h"
#include "server/run/faces.h"
#include "server/run/rpc_faces.h"

namespace allauth::server {
namespace {

constexpr std::string_view kBearer = "Bearer ";

http::Response text(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

// What a dialect is made of: somebody else's words around a use-case of ours.
std::string user_of(const http::Request& request, const Node& node) {
  const auto value = http::find_header(request.headers, "Authorization");
  if (!value || !value->starts_with(kBearer) || node.core() == nullptr) return {};
  const auto found = app::require_authenticated(
      app::authenticate(*node.core(), app::AccessToken{Secret(std::string(value->substr(kBearer.size())))}));
  return found ? found->principal.id : std::string();
}

std::string seen(const http::Request& request, const Node& node) {
  std::string out = "{";
  const auto member = [&out](std::string_view name, std::string_view value) {
    out += fmt::format("{}\"{}\":", out.size() > 1 ? "," : "", name);
    append_json_string(out, value);
  };
  member("path", request.path);
  member("mount", request.mount);
  member("host", http::find_header(request.headers, "Host").value_or(""));
  member("address", request.peer.address);
  member("via", request.peer.via);
  member("tls", request.peer.tls ? "yes" : "no");
  member("certificate", request.peer.certificate_der.empty() ? "no" : "yes");
  member("trusted", request.peer.trusted ? "yes" : "no");
  member("user", user_of(request, node));
  return out + "}";
}

http::Response answer(const http::Request& request, const Node& node) {
  if (request.path == "/health") return text(200, "toy is well\n");
  if (request.path == "/seen") return text(200, seen(request, node));
  // Left open to neighbours, as some of the programs that we replace have it.
  if (request.path == "/issue")
    return request.peer.trusted || !user_of(request, node).empty() ? text(200, "issued\n")
                                                                   : text(401, "who?\n");
  if (request.path == "/things" && request.method == "POST") {
    auto made = text(201, "");
    made.headers.push_back({"Location", request.mount + "/things/1"});
    return made;
  }
  return text(404, "toy has no such page\n");
}

Result<http::Face> make_toy(Ground&, Node& node) {
  return [&node](http::Request request, http::Responder respond) { respond(answer(request, node)); };
}

std::string seen(const rpc::Head& head) {
  return fmt::format("{} host={} address={} via={} tls={} certificate={} trusted={}", head.method,
                     head.authority, head.peer.address, head.peer.via, head.peer.tls,
                     !head.peer.certificate_der.empty(), head.peer.trusted);
}

Result<wire::RpcMount> make_rpc_toy(Ground&, Node&) {
  return wire::RpcMount{.methods = {"/toy.v1.Toy/Seen"},
                        .streams = {},
                        .services = {},
                        .face = [](std::shared_ptr<rpc::ServerCall> call) {
                          const auto& head = call->head();
                          call->answer(seen(head), {});
                        }};
}

}  // namespace

std::span<const NamedRpcFace> rpc_faces() {
  static const std::vector<NamedRpcFace> all = [] {
    const auto ours = released_rpc_faces();
    std::vector<NamedRpcFace> made(ours.begin(), ours.end());
    made.push_back({.name = "toy", .make = make_rpc_toy});
    return made;
  }();
  return all;
}

std::span<const HttpFace> http_faces() {
  static const std::vector<HttpFace> all = [] {
    const auto ours = released_http_faces();
    std::vector<HttpFace> made(ours.begin(), ours.end());
    made.push_back({.name = "toy", .make = make_toy});
    return made;
  }();
  return all;
}

}  // namespace allauth::server
