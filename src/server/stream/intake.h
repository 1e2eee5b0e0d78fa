// The receiving side of the log stream, without its connection: frames in, a snapshot that follows out.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/stream/frame.h"
#include "store/snapshot/hub.h"

namespace allauth::server {

// For one thread. The hub is borrowed, and fed by nobody else.
class Intake {
 public:
  struct Events {
    std::function<Result<void>(Hello)> hello;  // an error refuses the server
    std::function<void()> loaded;              // a whole state has come: decisions can be made
  };
  Intake(store::SnapshotHub& hub, Events events) : hub_(hub), events_(std::move(events)) {}

  // A new connection begins. Where to go on; nothing: with the state.
  std::optional<store::LogCursor> begin();
  // What came of it. An error means that the connection is of no more use.
  // Errors: those of FrameReader and of hello; stream.order, stream.gap, stream.too_large (invalid),
  // stream.farewell (unavailable) with the reason as detail; those of SnapshotHub::Load.
  Result<void> feed(std::string_view bytes);

  // Whole states that came, and those among them that end before what was known already: the history that
  // was followed is gone (docs/operate.md).
  struct Seen {
    std::uint64_t states = 0, rewinds = 0;
  };
  const Seen& seen() const { return seen_; }
  // After all that the hub knows; nothing: it knows no state, or none that it could go on from.
  const std::optional<store::LogCursor>& at() const { return at_; }

 private:
  Result<void> take(Frame frame);
  Result<void> on(Hello hello);
  Result<void> on(StateBegin);
  Result<void> on(store::Image image);
  Result<void> on(StateEnd end);
  Result<void> on(EntryEnd end);
  Result<void> on(Heartbeat heartbeat);
  Result<void> on(Farewell farewell);
  Result<void> apply_entries();

  store::SnapshotHub& hub_;
  Events events_;
  FrameReader reader_;
  bool greeted_ = false;
  std::optional<store::SnapshotHub::Load> load_;  // while a state comes
  std::vector<store::Image> images_;              // of the entry that is coming
  std::size_t image_bytes_ = 0;
  store::AppliedBatch entries_;  // complete, to be applied together
  std::optional<store::LogCursor> at_;
  std::optional<store::LogCursor> next_;  // after entries_ too
  Seen seen_;
};

}  // namespace allauth::server
