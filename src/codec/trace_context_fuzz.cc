// What is read of a traceparent is written and read again as the same; a new step never has an id of zeros.
#include <cstdlib>

#include "codec/trace_context.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allauth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  const auto state = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  CountingEntropy entropy;
  const auto span = codec::begin_span(text.substr(0, end), state, entropy);
  const auto again = codec::parse_traceparent(codec::to_traceparent(span));
  if (!again || again->trace_id != span.trace_id || again->span_id != span.span_id) std::abort();
  if (span.state.size() > 512) std::abort();
  return 0;
}
