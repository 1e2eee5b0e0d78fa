#include "codec/mqtt/frame.h"

namespace allauth::mqtt {
namespace {

struct Length {
  std::uint32_t value = 0;
  std::size_t bytes = 0;  // 0: more are needed
  bool shortest = true;
};

Decoded<Length> read_length(std::string_view bytes) {
  Length length;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i == bytes.size()) return Length{};
    const auto next = static_cast<std::uint8_t>(bytes[i]);
    length.value |= (next & 0x7Fu) << (7 * i);
    if ((next & 0x80u) != 0) continue;
    length.bytes = i + 1;
    length.shortest = next != 0 || i == 0;
    return length;
  }
  return malformed("mqtt.length.too_long");
}

}  // namespace

Decoded<std::optional<Frame>> find_frame(std::string_view bytes, std::size_t max_size) {
  if (bytes.size() < 2) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(bytes.front());
  if (first >> 4 == 0) return malformed("mqtt.type.reserved");
  TRY(const auto length, read_length(bytes.substr(1)));
  if (length.bytes == 0) return std::nullopt;
  const std::size_t header = 1 + length.bytes;
  const std::size_t size = header + length.value;
  if (size > max_size) return std::unexpected(Fault{ReasonCode::packet_too_large, "mqtt.packet.too_large"});
  if (bytes.size() < size) return std::nullopt;
  return Frame{.type = static_cast<PacketType>(first >> 4),
               .flags = static_cast<std::uint8_t>(first & 0x0F),
               .shortest_length = length.shortest,
               .body = bytes.substr(header, length.value),
               .bytes = bytes.substr(0, size)};
}

void FrameStream::feed(std::string_view chunk) {
  settle();
  if (kept_.empty())
    chunk_ = chunk;
  else
    kept_.append(chunk);
}

Decoded<std::optional<Frame>> FrameStream::peek(std::size_t max_size) {
  auto frame = find_frame(rest(), max_size);
  if (frame && *frame) frame_size_ = (*frame)->bytes.size();
  return frame;
}

void FrameStream::pop() {
  if (chunk_.empty())
    taken_ += frame_size_;
  else
    chunk_.remove_prefix(frame_size_);
  frame_size_ = 0;
}

void FrameStream::settle() {
  if (!chunk_.empty()) {
    kept_.assign(chunk_);
    chunk_ = {};
  } else if (taken_ == kept_.size()) {
    kept_ = std::string();
  } else {
    kept_.erase(0, taken_);
  }
  taken_ = 0;
}

void FrameStream::clear() {
  kept_ = std::string();
  chunk_ = {};
  taken_ = 0;
}

}  // namespace allauth::mqtt
