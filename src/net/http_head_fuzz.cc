// Any bytes as an HTTP stream: heads and chunked bodies, once at a piece and once byte by byte. Both
// must agree, and nothing that is accepted may hold what could split or smuggle a request.
#include <cstdlib>
#include <string>

#include "net/http_chars.h"
#include "net/http_chunked.h"
#include "net/http_head.h"

namespace {

using namespace allauth::net;

void require(bool holds) {
  if (!holds) std::abort();
}

// What a stream comes to: its first head's length and its decoded body, or the reason it is refused.
std::string read(std::string_view text, std::size_t step, const HttpLimits& limits) {
  HeadScanner scanner;
  std::size_t size = 0;
  std::size_t seen = 0;
  while (size == 0 && seen < text.size()) {
    seen = std::min(text.size(), seen + step);
    const auto found = scanner.find(text.substr(0, seen), limits);
    if (!found) return "refused";
    size = *found;
  }
  if (size == 0) return "incomplete";
  const auto head = parse_head(text.substr(scanner.start(), size - scanner.start()), limits);
  if (!head) return std::string(head.error().reason.slug());
  require(!head->chunked || head->content_length == 0);
  require(head->request.headers.size() <= limits.headers);
  require(all_class(head->request.path, kTarget) && all_class(head->request.query, kTarget));
  for (const auto& header : head->request.headers)
    require(is_field_name(header.name) && is_field_value(header.value));
  std::string body;
  if (!head->chunked) return std::to_string(size);
  ChunkDecoder decoder(limits);
  for (std::size_t at = size; at < text.size() && !decoder.done(); at += step) {
    const auto taken = decoder.feed(text.substr(at, step), body);
    require(body.size() <= limits.body_bytes);
    if (!taken) return "bad body";
    require(decoder.done() || *taken == std::min(step, text.size() - at));
  }
  return std::to_string(size) + (decoder.done() ? " whole " : " part ") + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  HttpLimits limits;
  limits.head_bytes = 2048;
  limits.target_bytes = 256;
  limits.headers = 20;
  limits.body_bytes = 1024;
  const auto whole = read(text, std::max<std::size_t>(size, 1), limits);
  require(whole == read(text, 1, limits));
  return 0;
}
