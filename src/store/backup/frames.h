// The frames of a backup: each with its length and a check that depends on all frames before it, so that
// a changed, missing, repeated or moved byte is found where it is, and before anything is made of it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/hash.h"
#include "store/backup/format.h"

namespace allauth::store::backup {

using ByteSink = std::function<Result<void>(std::string_view)>;
// Fills the span as far as there are bytes; answers how many. Fewer than asked for: the end.
using ByteSource = std::function<Result<std::size_t>(std::span<char>)>;

class FrameWriter {
 public:
  explicit FrameWriter(ByteSink sink);

  // The first call writes what comes before all frames as well.
  Result<void> write(FrameKind kind, std::string_view payload);
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<void> put(std::string_view bytes);

  ByteSink sink_;
  crypto::Digest check_;
  std::uint64_t bytes_ = 0;
};

struct Frame {
  FrameKind kind;
  std::string_view payload;  // valid until the next call
};

class FrameReader {
 public:
  explicit FrameReader(ByteSource source);

  // Errors: invalid backup.damaged; unsupported backup.format (not a backup, or of a later format);
  // those of the source.
  Result<Frame> next();
  // Error backup.damaged if there is anything more.
  Result<void> expect_end();
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<void> begin();
  Result<void> take(std::span<char> into);

  ByteSource source_;
  crypto::Digest check_;
  std::string payload_;
  std::uint64_t bytes_ = 0;
};

}  // namespace allauth::store::backup
