#include "wire/rest/exchange.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "wire/rest/problem.h"

namespace allauth::wire {

Exchange::Exchange(Clock& clock, Log& log, Probe& probe, std::string http_method, std::string request_id,
                   http::Responder responder)
    : clock_(clock),
      log_(log),
      probe_(&probe),
      http_method_(std::move(http_method)),
      request_id_(std::move(request_id)),
      started_(clock.tick()),
      responder_(std::move(responder)) {}

Exchange::~Exchange() {
  if (!answered_)
    fail(Error{.code = Code::bug, .reason = "method.unanswered", .message = "A handler gave no answer."});
}

void Exchange::set_route(std::string_view route, Probe& probe) {
  route_ = route;
  probe_ = &probe;
}

void Exchange::fail(const Error& error, http::Headers more) {
  http::Response response = problem(error, request_id_);
  for (auto& header : more) response.headers.push_back(std::move(header));
  finish(std::move(response), &error);
}

void Exchange::finish(http::Response response, const Error* error) {
  if (answered_.exchange(true)) return;
  if (!http::find_header(response.headers, "Cache-Control"))
    response.headers.push_back({"Cache-Control", "no-store"});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  response.headers.push_back({"X-Request-Id", request_id_});
  const auto took = clock_.tick() - started_;
  probe_->answered(error == nullptr ? std::nullopt : std::optional(error->code), took);
  if (log_.enabled(LogLevel::info))
    log_.info("request",
              {{"method", http_method_},
               {"route", route_},
               {"status", response.status},
               {"reason", error == nullptr ? std::string_view("ok") : error->reason.slug()},
               {"duration_us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
               {"request_id", request_id_}});
  if (error != nullptr && response.status >= 500) {
    Error traced = *error;
    traced.detail += fmt::format("{}request_id={}", traced.detail.empty() ? "" : "; ", request_id_);
    log_.error("request failed", traced);
  }
  responder_(std::move(response));
}

}  // namespace allauth::wire
