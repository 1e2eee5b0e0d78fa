#include "store/log_tail.h"

#include <array>

namespace allauth::store {
namespace {

constexpr std::size_t kPiece = 1000;

Error resynchronising() {
  return {.code = Code::unavailable,
          .reason = "store.resync",
          .message = "The server is reading its state anew; try again in a moment.",
          .retry_after = Seconds(1)};
}

}  // namespace

LogTail::LogTail(Clock& clock, Log& log, Probe& probe, LogCursor at)
    : clock_(clock), log_(log), probe_(probe) {
  move_to(at);
}

void LogTail::move_to(const LogCursor& at) {
  at_ = at;
  applied_.store(at.revision);
  probe_.revision(to_number(at.revision));
}

Result<void> LogTail::join(sql::Session& session, LogFollower follower) {
  return in_read(session, [&](const LogHead& head) -> Result<void> {
    TRY(advance(session, head));
    Read read(session, head.newest.revision);
    if (follower.load) TRY(follower.load(read));
    followers_.push_back(std::move(follower));
    if (followers_.back().contact) followers_.back().contact();
    return {};
  });
}

Result<void> LogTail::poll(sql::Session& session) {
  return in_read(session, [&](const LogHead& head) { return advance(session, head); });
}

// What is read within `fn` is the state at the head that it is given.
Result<void> LogTail::in_read(sql::Session& session, const std::function<Result<void>(const LogHead&)>& fn) {
  TRY(session.begin_read());
  auto head = read_head(session);
  Result<void> done;
  if (head)
    done = fn(*head);
  else
    done = fail(std::move(head).error());
  session.rollback();
  return done;
}

Result<void> LogTail::advance(sql::Session& session, const LogHead& head) {
  if (!adrift_) {
    auto done = catch_up(session, head);
    if (!adrift_) return done;
  }
  return load_all(session, head);
}

// The head is beyond what was handed out when another node has written, or when a commit that was
// answered as failed has reached the disk after all.
Result<void> LogTail::catch_up(sql::Session& session, const LogHead& head) {
  Read read(session, head.newest.revision);
  while (!adrift_ && at_ != head.newest) {
    auto entries = read_entries(read, at_, kPiece);
    if (!entries) {
      if (entries.error().code != Code::stale) return fail(std::move(entries).error());
      set_adrift(entries.error(), head);
    } else if (entries->empty()) {
      move_to(head.newest);  // the same place, by a tag that an older version did not write
    } else {
      for (const auto& entry : *entries) probe_.followed(clock_.now() - entry.time);
      hand_out(AppliedBatch{*std::move(entries)});
    }
  }
  if (adrift_) return fail(resynchronising());
  contact();
  return {};
}

void LogTail::set_adrift(const Error& why, const LogHead& head) {
  adrift_ = true;
  const bool replaced = why.reason == Reason("log.replaced");
  probe_.adrift(replaced);
  log_.error(replaced ? "store: ALARM: the log was replaced by one with another history; what was stored "
                        "here may be lost; reading the state anew"
                      : "store: this node has not followed the log for longer than it is kept; reading the "
                        "state anew",
             {{"reason", why.reason.slug()}, {"was_at", to_text(at_)}, {"log_is_at", to_text(head.newest)}});
}

Result<void> LogTail::load_all(sql::Session& session, const LogHead& head) {
  Read read(session, head.newest.revision);
  for (const auto& follower : followers_)
    if (follower.load) TRY(follower.load(read));
  move_to(head.newest);
  adrift_ = false;
  log_.warn("store: the state was read anew", {{"revision", to_number(at_.revision)}});
  contact();
  return {};
}

void LogTail::committed(AppliedBatch batch) noexcept {
  hand_out(batch);
  for (const auto& follower : followers_)
    if (follower.committed) follower.committed(at_.revision);
  contact();
}

void LogTail::hand_out(const AppliedBatch& batch) noexcept {
  for (const auto& follower : followers_)
    if (follower.applied) follower.applied(batch);
  move_to(cursor_after(batch.entries.back()));
}

void LogTail::contact() {
  for (const auto& follower : followers_)
    if (follower.contact) follower.contact();
}

}  // namespace allauth::store
