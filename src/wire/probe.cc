#include "wire/probe.h"

#include <chrono>
#include <string>

#include <fmt/format.h>

namespace allauth::wire {

Probe::Probe(Metrics& metrics, std::string_view method)
    : latency_(&metrics.latency("allauth_request_seconds", "Time from a request to its answer.",
                                fmt::format(R"(method="{}")", method))) {
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    const std::string_view code = i + 1 < counters_.size() ? to_string(static_cast<Code>(i)) : "ok";
    counters_[i] =
        &metrics.counter("allauth_requests_total", "Requests to the API, by how they were answered.",
                         fmt::format(R"(method="{}",code="{}")", method, code));
  }
}

void Probe::answered(std::optional<Code> code, Tick::duration took) {
  counters_[code ? static_cast<std::size_t>(*code) : counters_.size() - 1]->add();
  latency_->observe(std::chrono::duration<double>(took).count());
}

}  // namespace allauth::wire
