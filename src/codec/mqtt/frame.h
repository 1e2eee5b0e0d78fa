// Splits a byte stream into MQTT packets: the fixed header (5.0 §2.1) and the bytes behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/mqtt/types.h"

namespace allauth::mqtt {

// One whole packet. Borrows from the bytes it was found in.
struct Frame {
  PacketType type{};
  std::uint8_t flags = 0;       // low nibble of the first byte
  bool shortest_length = true;  // 5.0 wants the Remaining Length in its shortest form
  std::string_view body;        // what follows the fixed header
  std::string_view bytes;       // the whole packet
};

// The first packet of `bytes`; nothing while it is incomplete. A packet larger than `max_size` (fixed
// header included) is a fault 95 as soon as its length is known.
Decoded<std::optional<Frame>> find_frame(std::string_view bytes, std::size_t max_size);

// Keeps what is incomplete between two reads. Holds no memory when nothing is left over.
//   stream.feed(chunk); while (auto frame = *stream.peek(max)) { use(*frame); stream.pop(); }
//   stream.settle();
class FrameStream {
 public:
  // `chunk` must live until settle(). Frames seen before are no longer valid.
  void feed(std::string_view chunk);
  // The next packet, not yet taken; its bytes live until settle() or feed().
  Decoded<std::optional<Frame>> peek(std::size_t max_size);
  void pop();
  // Copies what was not taken, so that the chunk may go.
  void settle();
  // Forgets everything.
  void clear();
  // Bytes that were fed and not taken.
  std::size_t size() const { return rest().size(); }

 private:
  std::string_view rest() const { return chunk_.empty() ? std::string_view(kept_).substr(taken_) : chunk_; }

  std::string kept_;
  std::size_t taken_ = 0;       // of kept_
  std::string_view chunk_;      // used instead of kept_ while that is empty
  std::size_t frame_size_ = 0;  // of the frame that peek() showed
};

}  // namespace allauth::mqtt
