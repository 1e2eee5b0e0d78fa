// W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/): which trace a request belongs to.
// Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace allauth::codec {

// One step of a trace.
struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  std::uint8_t flags = 0;  // bit 0: the caller records the trace
  std::string state;       // tracestate, as it came; may be empty
};

// §3.2. Nothing for what is not a traceparent of a version that can be understood.
std::optional<TraceContext> parse_traceparent(std::string_view text);
// Always version 00.
std::string to_traceparent(const TraceContext& trace);
// 32 lower-case hexadecimal digits.
std::string trace_id_text(const TraceContext& trace);

// Whether it may be passed on: §3.3.1 list members, at most 32 and 512 characters, no key twice.
bool is_tracestate(std::string_view text);

// Our own step within the trace that the headers name, or the first of a new one if they name none
// (empty or malformed: §2.3). A tracestate that may not be passed on is dropped.
TraceContext begin_span(std::string_view traceparent, std::string_view tracestate, Entropy& entropy);

}  // namespace allauth::codec
