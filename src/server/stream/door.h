// GET /internal/v1/log: where followers of the log come in.
#pragma once

#include <string>

#include "codec/http.h"
#include "server/stream/access.h"
#include "server/stream/log_feed.h"

namespace allauth::server {

inline constexpr std::string_view kStreamPath = "/internal/v1/log";

// The bearer token of a request; empty without one.
Secret bearer_of(const http::Headers& headers);

// All borrowed. Thread-safe.
class StreamDoor {
 public:
  // `hello` goes first to those who get its secrets; without them it is made anew.
  StreamDoor(const NodeAccess& access, LogFeed& feed, Hello hello)
      : access_(access), feed_(feed), hello_(std::move(hello)) {}

  // A stream that begins after the query's `from`, or with the state when there is none, in its `view`.
  // Errors: those of NodeAccess, StreamView, store::parse_log_cursor and LogFeed; http.query.
  Result<http::Response> open(const http::Request& request) const;

 private:
  std::string first_frame(const StreamView& view) const;

  const NodeAccess& access_;
  LogFeed& feed_;
  const Hello hello_;
};

}  // namespace allauth::server
