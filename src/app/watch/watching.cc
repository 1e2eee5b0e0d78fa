#include "app/watch/watching.h"

#include <algorithm>

#include "app/overloaded.h"

namespace allauth::app {
namespace {

constexpr std::size_t kMostRecent = 8192;
constexpr std::size_t kEventsAtOnce = 256;  // considered for one watcher before the next has its turn

std::unexpected<Error> stopping() {
  return fail({.code = Code::unavailable,
               .reason = "server.stopping",
               .message = "This node stops; go on at another."});
}

std::unexpected<Error> too_many() {
  return fail({.code = Code::exhausted,
               .reason = "watch.too_many",
               .message = "There are too many watchers; end one of them first.",
               .retry_after = Seconds(5)});
}

Error slow() {
  return {.code = Code::exhausted,
          .reason = "watch.slow",
          .message = "What was sent was not taken for too long."};
}

// That the watcher may not is one thing; that nothing can be decided at the moment is another.
Error why_ended(Error refused) {
  if (refused.code != Code::denied && refused.code != Code::not_found) return refused;
  return {.code = Code::denied, .reason = "watch.ended", .message = "The right to watch this is gone."};
}

// It does not go with the log as it is: nothing to wait for.
Error lost_place(Error error) {
  if (error.code == Code::stale) error.code = Code::conflict;
  return error;
}

std::vector<SharedEvent> events_of(std::vector<store::LogEntry> entries) {
  std::vector<SharedEvent> events;
  for (auto& entry : entries)
    events.push_back(
        std::make_shared<const Event>(Event{store::cursor_after(entry), entry.time, std::move(entry.act)}));
  return events;
}

// Where the log ends, or the cursor itself if the log goes on from there.
Result<store::LogCursor> find_place(store::Store& store, const std::optional<store::LogCursor>& from) {
  if (!from) {
    TRY(const auto head, store.read([](store::Read& read) { return store::read_head(read); }));
    return head.newest;
  }
  const auto follows = store.read_log(*from, 1);
  if (!follows) return fail(lost_place(follows.error()));
  return *from;
}

}  // namespace

Watching::Watching(Deps deps, WatchOptions options)
    : deps_(std::move(deps)),
      options_(options),
      recent_(kMostRecent),
      watchers_gauge_(deps_.metrics.gauge("allauth_watchers", "Callers that watch the log over the API")),
      cut_(deps_.metrics.counter("allauth_watchers_cut_total", "Watchers that were cut off for being slow")) {
}

Result<std::unique_ptr<Watching>> Watching::start(Deps deps, WatchOptions options) {
  std::unique_ptr<Watching> made(new Watching(std::move(deps), options));
  TRY(made->deps_.store.follow({.load = [watching = made.get()](store::Read&) -> Result<void> {
                                  watching->recent_.forget();
                                  watching->bell_->ring();
                                  return {};
                                },
                                .applied =
                                    [watching = made.get()](const store::AppliedBatch& batch) {
                                      watching->recent_.append(batch);
                                      if (watching->watched_.load()) watching->bell_->ring();
                                    }}));
  made->thread_ = std::jthread([watching = made.get()](const std::stop_token& stop) { watching->run(stop); });
  return made;
}

void Watching::open(Watcher::Asked asked, std::optional<store::LogCursor> from, Opened opened) {
  const auto held = std::make_shared<Opened>(std::move(opened));
  const bool taken = deps_.readers([this, asked = std::move(asked), from, held]() mutable {
    const auto place = find_place(deps_.store, from);
    if (!place) return (*held)(fail(place.error()));
    (*held)(add(std::move(asked), *place));
  });
  if (!taken) (*held)(fail(overloaded()));
}

Result<std::shared_ptr<Watcher>> Watching::add(Watcher::Asked asked, store::LogCursor from) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return stopping();
  const auto same = std::ranges::count_if(
      watchers_, [&](const auto& other) { return !other->gone() && other->asked_.who == asked.who; });
  if (watchers_.size() >= options_.max_watchers ||
      static_cast<std::size_t>(same) >= options_.max_per_principal)
    return too_many();
  watchers_.push_back(std::make_shared<Watcher>(std::move(asked), from, bell_));
  count();
  return watchers_.back();
}

void Watching::count() {
  watchers_gauge_.set(static_cast<std::int64_t>(watchers_.size()));
  recent_.set_wanted(!watchers_.empty());
  watched_.store(!watchers_.empty());
}

Watching::Watchers Watching::all() const {
  const std::lock_guard lock(mutex_);
  return watchers_;
}

void Watching::forget_gone() {
  const std::lock_guard lock(mutex_);
  if (std::erase_if(watchers_, [](const auto& watcher) { return watcher->gone(); }) > 0) count();
}

void Watching::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    bell_->wait(options_.look);
    const Tick now = deps_.clock.tick();
    for (const auto& watcher : all())
      if (!watcher->gone()) serve(watcher, now);
    forget_gone();
  }
}

// The right is asked for before anything is told, so nobody learns of what came after its end.
void Watching::serve(const std::shared_ptr<Watcher>& watcher, Tick now) {
  if (auto may = watcher->asked_.may(); !may) return watcher->end(why_ended(std::move(may).error()));
  if (!watcher->told_at_) watcher->told_at_ = now - options_.heartbeat;
  if (!watcher->wants_more()) {
    if (now - *watcher->told_at_ <= options_.patience) return;
    cut_.add();
    return watcher->end(slow());
  }
  if (!take_read(*watcher, now)) return;
  tell_some(*watcher, now);
  if (watcher->queue_.empty() && find_more(watcher, now)) bell_->ring();
  const bool due = now - *watcher->told_at_ >= options_.heartbeat;
  if (due && watcher->queue_.empty() && watcher->wants_more())
    watcher->tell({.at = watcher->place_.at, .event = nullptr}, now);
}

void Watching::tell_some(Watcher& watcher, Tick now) {
  while (!watcher.queue_.empty() && watcher.wants_more()) {
    auto event = std::move(watcher.queue_.front());
    watcher.queue_.pop_front();
    const auto at = event->at;
    watcher.tell({.at = at, .event = std::move(event)}, now);
  }
}

// True if there is something to tell now.
bool Watching::find_more(const std::shared_ptr<Watcher>& watcher, Tick now) {
  if (watcher->reading_ || now < watcher->read_again_at_) return false;
  const auto next = recent_.after(watcher->place_, kEventsAtOnce);
  if (next.elsewhere) {
    read_for(watcher);
    return false;
  }
  watcher->consider(next.events);
  return !next.events.empty();
}

// Without a free reader, or without the database, it is tried again at the next look.
void Watching::read_for(const std::shared_ptr<Watcher>& watcher) {
  watcher->reading_ =
      deps_.readers([&store = deps_.store, watcher, from = watcher->place_.at, history = recent_.history()] {
        watcher->hand_back({.entries = store.read_log(from, kEventsAtOnce), .history = history});
      });
}

// False if it is over: what follows its place is not to be had any more.
bool Watching::take_read(Watcher& watcher, Tick now) {
  auto read = watcher.take_back();
  if (!read) return true;
  watcher.reading_ = false;
  if (!read->entries) {
    watcher.read_again_at_ = now + options_.look;
    if (read->entries.error().code != Code::stale) return true;
    watcher.end(lost_place(std::move(read->entries).error()));
    return false;
  }
  if (read->entries->empty()) watcher.place_.history = read->history;
  watcher.consider(events_of(std::move(*read->entries)));
  return true;
}

void Watching::stop() {
  Watchers ending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending.swap(watchers_);
    count();
  }
  thread_.request_stop();
  bell_->ring();
  if (thread_.joinable()) thread_.join();
  for (const auto& watcher : ending)
    if (!watcher->gone()) watcher->end(stopping().error());
}

}  // namespace allauth::app
