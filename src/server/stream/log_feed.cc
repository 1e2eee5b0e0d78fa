#include "server/stream/log_feed.h"

namespace allauth::server {
namespace {

// Where nobody else writes to the database, nothing can have been missed.
std::string heartbeat(const store::Store& store, const store::SnapshotHub& hub) {
  return encode_frame(Heartbeat{hub.view()->revision(), store.shared() ? hub.silence() : Millis(0)});
}

}  // namespace

LogFeed::LogFeed(Deps deps, FeedOptions options)
    : deps_(deps),
      options_(options),
      source_{.store = deps.store,
              .log = deps.log,
              .recent = RecentLog(options.recent_bytes),
              .state_turn = {},
              .states = deps.metrics.counter("allauth_stream_states_total",
                                             "Whole states sent to followers of the log stream")},
      followers_gauge_(deps.metrics.gauge("allauth_stream_followers", "Followers of the log stream")),
      cut_(deps.metrics.counter("allauth_stream_cut_total",
                                "Followers of the log stream that were cut off for being slow")) {}

Result<std::unique_ptr<LogFeed>> LogFeed::start(Deps deps, FeedOptions options) {
  std::unique_ptr<LogFeed> feed(new LogFeed(deps, options));
  auto& recent = feed->source_.recent;
  TRY(deps.store.follow({.load = [&recent](store::Read&) -> Result<void> {
                           recent.forget();
                           return {};
                         },
                         .applied = [&recent](const store::AppliedBatch& batch) { recent.append(batch); }}));
  feed->watcher_ = std::jthread([feed = feed.get()] { feed->watch(); });
  return feed;
}

LogFeed::~LogFeed() { stop(); }

void LogFeed::count_followers() {
  followers_gauge_.set(static_cast<std::int64_t>(followers_.size()));
  source_.recent.set_wanted(!followers_.empty());
}

Result<std::shared_ptr<PipeReader>> LogFeed::open(Feed feed) {
  auto [writer, reader] = make_pipe(options_.pipe_bytes);
  const std::lock_guard lock(mutex_);
  if (stopping_ || followers_.size() >= options_.max_followers)
    return fail({.code = Code::exhausted,
                 .reason = "stream.full",
                 .message = "No more followers of the log are taken.",
                 .retry_after = Seconds(5)});
  deps_.log.info("a node follows the log", {{"node", feed.name}});
  followers_.push_back(
      std::make_unique<Feeding>(source_, std::move(feed), std::move(writer), options_.patience));
  count_followers();
  return std::move(reader);
}

std::size_t LogFeed::followers() const {
  const std::lock_guard lock(mutex_);
  return followers_.size();
}

void LogFeed::watch() {
  auto next_beat = deps_.clock.tick();
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, options_.look, [this] { return stopping_; })) {
    const auto now = deps_.clock.tick();
    const bool beat = now >= next_beat;
    if (beat) next_beat = now + options_.heartbeat;
    look_after_all(beat);
  }
}

void LogFeed::look_after_all(bool beat) {
  if (followers_.empty()) return;
  const std::string frame = beat ? heartbeat(deps_.store, deps_.hub) : std::string();
  const bool usable = deps_.hub.view()->check_usable().has_value();
  for (auto& follower : followers_) {
    if (!usable)
      follower->end("stale");
    else if (!follower->allowed())
      follower->end("revoked");
    if (beat) follower->beat(frame);
  }
  const auto gone = std::erase_if(followers_, [this](const auto& follower) {
    if (!follower->done()) return false;
    if (follower->was_slow()) cut_.add();
    deps_.log.info("a node follows the log no more",
                   {{"node", follower->name()}, {"slow", follower->was_slow()}});
    return true;
  });
  if (gone > 0) count_followers();
}

void LogFeed::stop() {
  std::list<std::unique_ptr<Feeding>> ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending.swap(followers_);
    count_followers();
  }
  stopped_.notify_all();
  for (auto& follower : ending) follower->end("stopping");
  ending.clear();
  if (watcher_.joinable()) watcher_.join();
}

}  // namespace allauth::server
