#include "wire/rest/exchange.h"

#include <utility>

#include "wire/rest/problem.h"

namespace allauth::wire {

Exchange::Exchange(const FaceDeps& deps, Probe& probe, const Call& call, const http::Request& request,
                   http::Responder responder)
    : record_(deps, probe, request.method, call), responder_(std::move(responder)) {
  record_.received(request.body.size());
}

Exchange::~Exchange() {
  if (!record_.ended()) fail(unanswered());
}

void Exchange::fail(const Error& error, http::Headers more) {
  http::Response response = problem(error, request_id());
  for (auto& header : more) response.headers.push_back(std::move(header));
  finish(std::move(response), &error);
}

void Exchange::finish(http::Response response, const Error* error) {
  record_.sent(response.body.size());
  if (!record_.end(response.status, error)) return;
  if (!http::find_header(response.headers, "Cache-Control"))
    response.headers.push_back({"Cache-Control", "no-store"});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  response.headers.push_back({"X-Request-Id", request_id()});
  responder_(std::move(response));
}

}  // namespace allauth::wire
