// The chunked transfer coding (RFC 9112 §7.1), decoded piece by piece. Pure code; as strict as
// net/http_head.h: no whitespace around a chunk's size, CR LF only, extensions and trailers must be
// well-formed (and are then dropped), and trailers must not be about framing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http_limits.h"

namespace allauth::net {

class ChunkDecoder {
 public:
  explicit ChunkDecoder(const HttpLimits& limits) : limits_(limits) {}

  // Takes from the front of `in` and appends the data to `body`; how many bytes were taken (fewer
  // than given only when done). Errors: http.chunk.invalid, http.body.too_large,
  // http.header.too_large, http.header.too_many and those of parse_field_line.
  Result<std::size_t> feed(std::string_view in, std::string& body);
  bool done() const { return state_ == State::done; }

 private:
  enum class State { size, data, data_end, trailer, done };

  // The next whole line without its CRLF, moving `in` behind it; nothing until it is complete.
  Result<bool> take_line(std::string_view& in, std::string_view& line);
  Result<void> on_size(std::string_view line, std::size_t body_size);
  Result<void> on_trailer(std::string_view line);

  const HttpLimits limits_;
  State state_ = State::size;
  std::uint64_t left_ = 0;    // of the chunk's data, or of the CRLF behind it
  std::string partial_;       // the beginning of a line whose end has not come
  std::string whole_;         // the line last assembled from it
  std::size_t overhead_ = 0;  // bytes of extensions and trailers so far, bounded by head_bytes
  std::size_t trailers_ = 0;
};

// The size in a chunk's first line, without its CRLF, extensions checked and dropped.
Result<std::uint64_t> parse_chunk_line(std::string_view line);

}  // namespace allauth::net
