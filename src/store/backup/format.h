// What a backup consists of; docs/formats/backup.md describes it for those who read it without this
// code. Records are protobuf messages, frames carry many of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "store/log.h"
#include "store/state.h"

namespace allauth::store::backup {

inline constexpr std::string_view kMagic{"AllAuth backup\n\x01", 16};  // the last byte is the version

enum class FrameKind : std::uint8_t { header = 1, images = 2, entries = 3, end = 4 };

// A frame is cut after the record that takes it to the first of these; none is longer than the second.
inline constexpr std::size_t kFrameTarget = 256 * 1024;
inline constexpr std::size_t kMaxPayload = 8 * 1024 * 1024;

struct Header {
  Instant made_at{};
  std::string program;  // the version that made it
  int schema = 0;       // the newest migration that it knew
  LogCursor at;         // the state is the one after this write
  friend bool operator==(const Header&, const Header&) = default;
};

struct Counts {
  std::map<ImageKind, std::uint64_t> images;
  std::uint64_t entries = 0;
  friend bool operator==(const Counts&, const Counts&) = default;

  std::uint64_t records() const;
};

// Payloads. Decoders answer invalid backup.damaged.
std::string encode_header(const Header&);
Result<Header> decode_header(std::string_view payload);
std::string encode_end(const Counts&);
Result<Counts> decode_end(std::string_view payload);

// One record more in a payload of images or entries. Of entries only the act is kept.
void append_image(std::string& payload, const Image&);
void append_entry(std::string& payload, const LogEntry&);
// One by one; an error of `take` ends it.
using TakeEntry = std::function<Result<void>(LogEntry)>;
Result<void> decode_images(std::string_view payload, const TakeImage& take);
Result<void> decode_entries(std::string_view payload, const TakeEntry& take);

std::unexpected<Error> damaged(std::string detail);

}  // namespace allauth::store::backup
