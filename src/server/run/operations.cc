#include "server/run/operations.h"

namespace allauth::server {
namespace {

http::Response text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
  return {.status = status,
          .headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

http::Response answer(const http::Request& request, Metrics& metrics,
                      const std::function<std::string()>& not_ready) {
  if (request.path != "/livez" && request.path != "/readyz" && request.path != "/metrics")
    return text(404, "There is /livez, /readyz and /metrics.\n");
  if (request.method != "GET" && request.method != "HEAD") {
    auto refused = text(405, "Only GET and HEAD.\n");
    refused.headers.push_back({"Allow", "GET, HEAD"});
    return refused;
  }
  if (request.path == "/livez") return text(200, "ok\n");
  if (request.path == "/metrics")
    return text(200, metrics.render(), "text/plain; version=0.0.4; charset=utf-8");
  const auto why = not_ready();
  return why.empty() ? text(200, "ready\n") : text(503, why + "\n");
}

}  // namespace

http::Face operations_face(Metrics& metrics, std::function<std::string()> not_ready) {
  return [&metrics, not_ready = std::move(not_ready)](http::Request request, http::Responder respond) {
    respond(answer(request, metrics, not_ready));
  };
}

}  // namespace allauth::server
