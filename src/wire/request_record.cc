#include "wire/request_record.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace allauth::wire {
namespace {

// A method that is known, or "other": a caller may send any word as one.
std::string_view known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 10> kKnown{"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                                           "DELETE", "OPTIONS", "TRACE", "CONNECT", "GRPC"};
  const auto* found = std::ranges::find(kKnown, method);
  return found != kKnown.end() ? *found : "other";
}

// A failure of ours, not of the caller: what is not offered was the caller's to ask.
bool is_ours(Code code) { return code == Code::bug || code == Code::unavailable; }

// Passwords, refresh tokens and setup tokens, by what came of them; what was not tried does not count. The
// outcomes are reasons, which are words of this program.
void count_login(Metrics& metrics, const Error* error) {
  if (error != nullptr && error->code != Code::unauthenticated && error->code != Code::denied) return;
  metrics
      .counter("allauth_logins_total", "Passwords and other secrets that were tried, by what came of them.",
               fmt::format(R"(outcome="{}")", error == nullptr ? "ok" : error->reason.slug()))
      .add();
}

}  // namespace

RequestRecord::RequestRecord(const FaceDeps& deps, Probe& probe, std::string_view method, const Call& call)
    : deps_(deps), probe_(&probe), method_(known_method(method)), call_(call), started_(deps.clock.tick()) {}

void RequestRecord::set_route(std::string_view route, Probe& probe) {
  route_ = route;
  probe_ = &probe;
}

bool RequestRecord::end(int status, const Error* error) {
  if (ended_.exchange(true)) return false;
  const auto took = deps_.clock.tick() - started_;
  probe_->answered(error == nullptr ? std::nullopt : std::optional(error->code), took);
  log(status, error, took);
  if (call_.work == WorkKind::login) count_login(deps_.metrics, error);
  if (error != nullptr && is_ours(error->code)) {
    Error traced = *error;
    traced.detail += fmt::format("{}request_id={}", traced.detail.empty() ? "" : "; ", request_id());
    deps_.log.error("request failed", traced);
  }
  return true;
}

void RequestRecord::log(int status, const Error* error, Tick::duration took) const {
  const auto& options = deps_.request_log;
  const bool slow = options.slow > Millis(0) && took >= options.slow;
  const bool wanted =
      options.which == LogRequests::all || (options.which == LogRequests::errors && error != nullptr);
  if (!(slow || wanted) || !deps_.log.enabled(slow ? LogLevel::warn : LogLevel::info)) return;
  const std::initializer_list<LogField> fields{
      {"method", method_},
      {"route", route_},
      {"status", status},
      {"reason", error == nullptr ? std::string_view("ok") : error->reason.slug()},
      {"duration_us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
      {"bytes_in", bytes_in_.load()},
      {"bytes_out", bytes_out_.load()},
      {"principal", call_.notes.principal},
      {"source", call_.peer.address},
      {"request_id", call_.request_id},
      {"trace_id", codec::trace_id_text(call_.trace)}};
  if (slow)
    deps_.log.warn("slow request", fields);
  else
    deps_.log.info("request", fields);
}

Error unanswered() {
  return {.code = Code::bug, .reason = "method.unanswered", .message = "A handler gave no answer."};
}

}  // namespace allauth::wire
