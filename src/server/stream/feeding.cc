#include "server/stream/feeding.h"

#include "store/state.h"

namespace allauth::server {
namespace {

constexpr std::size_t kEntriesAtOnce = 256;
constexpr Millis kLongestWait{1000};
constexpr Millis kAfterFailure{200};

// The pipe's outcomes as errors, so that they end whatever is being sent.
std::unexpected<Error> closed() { return fail(Code::unavailable, "stream.closed", "The follower has gone."); }
std::unexpected<Error> slow() {
  return fail(Code::exhausted, "stream.slow", "The follower takes too little.");
}

bool is_over(const Error& error) {
  return error.reason == Reason("stream.closed") || error.reason == Reason("stream.slow");
}

}  // namespace

Feeding::Feeding(FeedSource& source, Feed feed, std::shared_ptr<PipeWriter> out, Millis patience)
    : source_(source), feed_(std::move(feed)), out_(std::move(out)), patience_(patience) {
  out_->write(feed_.hello);  // before any heartbeat; a new pipe has room
  thread_ = std::jthread([this] { run(); });
}

Feeding::~Feeding() {
  ended_.store(true);
  out_->end();
  source_.recent.wake();
}

void Feeding::end(std::string_view reason) {
  if (ended_.exchange(true)) return;
  out_->write(encode_frame(Farewell{std::string(reason)}));
  out_->end();
  source_.recent.wake();
}

void Feeding::run() {
  if (feed_.from && feed_.view.resumes()) {
    place_.at = *feed_.from;
    has_state_ = true;
  }
  Result<void> result;
  while (!ended_.load() && (result || !is_over(result.error()))) {
    if (!result) wait_after(result.error());
    result = step();
  }
  if (!result && result.error().reason == Reason("stream.slow")) {
    slow_.store(true);
    end("slow");
  }
  out_->end();
  done_.store(true);
}

// Not at once again: the database is away, and everybody would ask.
void Feeding::wait_after(const Error& failure) {
  if (!std::exchange(troubled_, true))
    source_.log.warn("the log cannot be read for a follower",
                     {{"node", feed_.name}, {"reason", failure.reason.slug()}, {"detail", failure.detail}});
  source_.recent.pause(kAfterFailure);
}

Result<void> Feeding::step() {
  if (!has_state_) return send_state();
  const auto next = source_.recent.wait_after(place_, kLongestWait);
  if (out_->closed()) return closed();
  if (next.elsewhere) {
    TRY(send_from_database());
    place_.history = next.history;
    troubled_ = false;
    return {};
  }
  for (const auto& batch : next.batches)
    for (const auto& entry : batch->entries)
      if (entry.revision > place_.at.revision) TRY(send_entry(entry));
  return {};
}

// Until there is nothing more, or its place in the log is lost.
Result<void> Feeding::send_from_database() {
  while (!ended_.load()) {
    const auto entries = source_.store.read_log(place_.at, kEntriesAtOnce);
    if (!entries && entries.error().code == Code::stale) {
      has_state_ = false;
      return {};
    }
    if (!entries) return fail(entries.error());
    if (entries->empty()) return {};
    for (const auto& entry : *entries) TRY(send_entry(entry));
  }
  return closed();
}

Result<void> Feeding::send_state() {
  std::unique_lock turn(source_.state_turn, std::defer_lock);
  while (!turn.try_lock_for(kLongestWait))
    if (out_->closed()) return closed();
  TRY(source_.store.read([this](store::Read& read) { return send_whole_state(read); }));
  source_.states.add();
  has_state_ = true;
  place_.history = 0;
  return {};
}

Result<void> Feeding::send_whole_state(store::Read& read) {
  TRY(const auto head, store::read_head(read));
  feed_.view.restart();
  TRY(send(encode_frame(StateBegin{})));
  TRY(store::read_state(read, store::Audience::all,
                        [this](const store::Image& image) { return send_image(image); }));
  TRY(send(encode_frame(StateEnd{head.newest})));
  place_.at = head.newest;
  return {};
}

Result<void> Feeding::send_entry(const store::LogEntry& entry) {
  for (const auto& image : entry.images) TRY(send_image(image));
  const auto at = store::cursor_after(entry);
  TRY(send(encode_frame(EntryEnd{at, entry.time})));
  place_.at = at;
  return {};
}

Result<void> Feeding::send_image(const store::Image& image) {
  TRY(const auto passed, feed_.view.pass(image));
  if (!passed) return {};
  return send(encode_frame(*passed));
}

Result<void> Feeding::send(const std::string& frame) {
  switch (out_->write_patiently(frame, patience_)) {
    case PipeWrite::taken:
      return {};
    case PipeWrite::full:
      return slow();
    case PipeWrite::closed:
      break;
  }
  return closed();
}

}  // namespace allauth::server
