// What travels on a log stream: frames, each a protobuf message behind its length
// (docs/formats/log-stream.md).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "store/image.h"
#include "store/log.h"

namespace allauth::server {

// Who speaks, and what a follower needs besides rows. The first frame.
struct Hello {
  std::string issuer, audience;   // of access tokens
  std::vector<std::string> keys;  // that sign them: public JWKs
  Secret digest_key;              // that client keys are digested under; empty where the view has none
};

// What was told before is void: the images that follow, up to StateEnd, are the whole state.
struct StateBegin {};
struct StateEnd {
  store::LogCursor at;
};

// The images since the last EntryEnd or StateEnd are what this entry changed.
struct EntryEnd {
  store::LogCursor at;
  Instant time{};
};

// Comes every second, also amid a state. `revision` is the newest entry that the server knows of, and it
// heard of its database so long ago.
struct Heartbeat {
  Revision revision{};
  Millis silence{};
};

// The stream ends: "stopping", "revoked", "slow", "stale".
struct Farewell {
  std::string reason;
};

// store::Image with the audience left out: what is sent is for everybody.
using Frame = std::variant<Hello, StateBegin, store::Image, StateEnd, EntryEnd, Heartbeat, Farewell>;

inline constexpr int kStreamVersion = 1;
// The largest frame, without its length, that is sent or taken.
inline constexpr std::size_t kMaxFrame = store::kMaxImageBytes + 64 * 1024;

// A frame with its length before it.
std::string encode_frame(const Frame& frame);

// Takes a stream apart. An error is final: the stream cannot be understood any more.
// Errors, Code::invalid: stream.frame.too_large, stream.frame.malformed; unsupported stream.version.
class FrameReader {
 public:
  using Take = std::function<Result<void>(Frame)>;

  // Calls `take` for each frame that is complete with these bytes; its error is answered as it is.
  // Frames of a kind that is not known are left out.
  Result<void> feed(std::string_view bytes, const Take& take);

  // Bytes that wait for the rest of their frame.
  std::size_t waiting() const { return partial_.size(); }

 private:
  std::string partial_;
};

}  // namespace allauth::server
