#include "net/http_chunked.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/http_chars.h"
#include "net/http_head.h"

namespace allauth::net {
namespace {

constexpr std::size_t kMaxSizeDigits = 16;

std::unexpected<Error> bad_chunk(std::string message) {
  return fail(Code::invalid, "http.chunk.invalid", std::move(message));
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::size_t token_length(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), [](char c) { return !is_class(c, kToken); });
  return static_cast<std::size_t>(end - text.begin());
}

// Length of the quoted-string (RFC 9110 §5.6.4) that `text` begins with; 0 if it is none.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
    if (i >= text.size() || !is_value_char(text[i])) return 0;
  }
  return 0;
}

// *( ";" name [ "=" ( token / quoted-string ) ] ), without the optional whitespace.
bool are_extensions(std::string_view text) {
  while (!text.empty()) {
    if (text[0] != ';') return false;
    text.remove_prefix(1);
    const auto name = token_length(text);
    if (name == 0) return false;
    text.remove_prefix(name);
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    const auto value = text.starts_with('"') ? quoted_length(text) : token_length(text);
    if (value == 0) return false;
    text.remove_prefix(value);
  }
  return true;
}

// Fields that would change what was read already, if anybody believed them there (RFC 9110 §6.5.1).
bool is_framing(std::string_view name) {
  const std::string lower = ascii_lower(name);
  return lower == "content-length" || lower == "transfer-encoding" || lower == "host";
}

}  // namespace

Result<std::uint64_t> parse_chunk_line(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line.size() && hex_value(line[digits]) >= 0) {
    if (digits == kMaxSizeDigits) return bad_chunk("A chunk's size has too many digits.");
    size = size * 16 + static_cast<std::uint64_t>(hex_value(line[digits]));
    ++digits;
  }
  if (digits == 0) return bad_chunk("A chunk must begin with its size in hexadecimal digits.");
  if (!are_extensions(line.substr(digits))) return bad_chunk("A chunk's extensions are not well-formed.");
  return size;
}

Result<bool> ChunkDecoder::take_line(std::string_view& in, std::string_view& line) {
  const auto end = in.find('\n');
  const auto piece = in.substr(0, end == std::string_view::npos ? in.size() : end + 1);
  if (partial_.size() + piece.size() > limits_.head_bytes)
    return fail(Code::exhausted, "http.header.too_large",
                "A chunk's extensions or the trailers are too large.");
  in.remove_prefix(piece.size());
  if (end == std::string_view::npos) {
    partial_ += piece;
    return false;
  }
  line = piece;
  if (!partial_.empty()) {
    partial_ += piece;
    whole_ = std::exchange(partial_, {});
    line = whole_;
  }
  if (!line.ends_with("\r\n"))
    return fail(Code::invalid, "http.line_end.invalid", "Lines must end with CR LF.");
  line.remove_suffix(2);
  return true;
}

Result<void> ChunkDecoder::on_size(std::string_view line, std::size_t body_size) {
  TRY(left_, parse_chunk_line(line));
  const auto mark = std::min(line.find(';'), line.size());
  overhead_ += line.size() - mark;
  if (overhead_ > limits_.head_bytes)
    return fail(Code::exhausted, "http.header.too_large", "The chunks' extensions are too large.");
  if (left_ > limits_.body_bytes - std::min(body_size, limits_.body_bytes))
    return fail(Code::exhausted, "http.body.too_large", "The request's body is too large.");
  state_ = left_ == 0 ? State::trailer : State::data;
  return {};
}

Result<void> ChunkDecoder::on_trailer(std::string_view line) {
  if (line.empty()) {
    state_ = State::done;
    return {};
  }
  TRY(const auto field, parse_field_line(line));
  if (is_framing(field.name))
    return fail(Code::invalid, "http.trailer.forbidden",
                "A trailer must not say how or for whom the request is framed.", std::string(field.name));
  overhead_ += line.size() + 2;
  if (overhead_ > limits_.head_bytes)
    return fail(Code::exhausted, "http.header.too_large", "The request's trailers are too large.");
  if (++trailers_ > limits_.headers)
    return fail(Code::exhausted, "http.header.too_many", "The request has too many trailers.");
  return {};
}

Result<std::size_t> ChunkDecoder::feed(std::string_view in, std::string& body) {
  const std::size_t given = in.size();
  while (!in.empty() && state_ != State::done) {
    if (state_ == State::data) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      body.append(in.substr(0, n));
      in.remove_prefix(n);
      left_ -= n;
      if (left_ == 0) {
        state_ = State::data_end;
        left_ = 2;
      }
    } else if (state_ == State::data_end) {
      if (in[0] != (left_ == 2 ? '\r' : '\n')) return bad_chunk("A chunk is longer than its size says.");
      in.remove_prefix(1);
      if (--left_ == 0) state_ = State::size;
    } else {
      std::string_view line;
      TRY(const bool whole, take_line(in, line));
      if (!whole) break;
      TRY(state_ == State::size ? on_size(line, body.size()) : on_trailer(line));
    }
  }
  return given - in.size();
}

}  // namespace allauth::net
