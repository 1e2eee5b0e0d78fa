#include "wire/request_record.h"

#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace allauth::wire {
namespace {

// A failure of ours, not of the caller.
bool is_ours(Code code) {
  return code == Code::bug || code == Code::unavailable || code == Code::unsupported;
}

}  // namespace

RequestRecord::RequestRecord(const FaceDeps& deps, Probe& probe, std::string method, std::string request_id)
    : clock_(deps.clock),
      log_(deps.log),
      probe_(&probe),
      method_(std::move(method)),
      request_id_(std::move(request_id)),
      started_(deps.clock.tick()) {}

void RequestRecord::set_route(std::string_view route, Probe& probe) {
  route_ = route;
  probe_ = &probe;
}

bool RequestRecord::end(int status, const Error* error) {
  if (ended_.exchange(true)) return false;
  const auto took = clock_.tick() - started_;
  probe_->answered(error == nullptr ? std::nullopt : std::optional(error->code), took);
  if (log_.enabled(LogLevel::info))
    log_.info("request",
              {{"method", method_},
               {"route", route_},
               {"status", status},
               {"reason", error == nullptr ? std::string_view("ok") : error->reason.slug()},
               {"duration_us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
               {"request_id", request_id_}});
  if (error != nullptr && is_ours(error->code)) {
    Error traced = *error;
    traced.detail += fmt::format("{}request_id={}", traced.detail.empty() ? "" : "; ", request_id_);
    log_.error("request failed", traced);
  }
  return true;
}

Error unanswered() {
  return {.code = Code::bug, .reason = "method.unanswered", .message = "A handler gave no answer."};
}

}  // namespace allauth::wire
