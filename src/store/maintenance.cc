#include "store/maintenance.h"

#include <algorithm>

#include "store/kept_answers.h"

namespace allauth::store {
namespace {

constexpr Millis kLeastPause{10};

// Often enough for what is kept only shortly, too.
Millis look_every(const Retention& retention) {
  return std::clamp(retention.images / 10, kLeastPause, kHeartbeat);
}

// A little late, so that it goes in portions and not one entry after another.
bool is_due(Millis age, Millis keep) { return age > keep + keep / 100; }

Gauge& age(Metrics& metrics, std::string labels) {
  return metrics.gauge("allauth_log_oldest_seconds",
                       "Age of the oldest entry of the log, and of the oldest with its images.",
                       std::move(labels));
}

Counter& dropped(Metrics& metrics, std::string labels) {
  return metrics.counter("allauth_log_dropped_total",
                         "Rows of the log that were dropped, having been kept for long enough.",
                         std::move(labels));
}

std::int64_t seconds(Millis time) { return std::chrono::duration_cast<Seconds>(time).count(); }

}  // namespace

Maintenance::Maintenance(std::unique_ptr<sql::Session> session, Clock& clock, Log& log, Metrics& metrics,
                         const Retention& retention, ReportOfNode report)
    : session_(std::move(session)),
      clock_(clock),
      log_(log),
      retention_(retention),
      report_(std::move(report)),
      images_age_(age(metrics, R"(what="images")")),
      acts_age_(age(metrics, R"(what="acts")")),
      images_dropped_(dropped(metrics, R"(what="images")")),
      acts_dropped_(dropped(metrics, R"(what="acts")")),
      thread_([this] { loop(); }) {}

void Maintenance::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  std::lock_guard joining(joining_);
  if (thread_.joinable()) thread_.join();
}

void Maintenance::loop() {
  do {
    look_after();
  } while (pause(look_every(retention_)));
  if (report_ && !failing_) leave();
}

void Maintenance::leave() {
  const auto left = remove_node(*session_, report_().node.id);
  if (!left)
    log_.warn("store: this node could not take itself off the list of nodes, where it is silent from now on",
              {{"reason", left.error().reason.slug()}});
}

bool Maintenance::pause(Millis time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return closed_; });
}

// What fails is tried again at the next look. While the database is away that is said once.
void Maintenance::look_after() {
  const auto done = look();
  if (!done && !failing_)
    log_.error("store: the database cannot be looked after; still trying", done.error());
  failing_ = !done;
}

Result<void> Maintenance::look() {
  if (report_) TRY(report_node(*session_, report_()));
  return keep_to_size();
}

Result<void> Maintenance::keep_to_size() {
  TRY(const auto age, look_at_log());
  const bool compact = is_due(age.images, retention_.images);
  std::size_t images = 0, acts = 0;
  if (compact) TRY(repeat([this] { return compact_some(*session_, retention_.images); }));
  if (compact || age.unfinished) {
    TRY(images, repeat([this] { return drop_some_images(*session_); }));
    images_dropped_.add(images);
  }
  if (is_due(age.acts, retention_.acts)) {
    TRY(acts, repeat([this] { return drop_some_acts(*session_, retention_.acts); }));
    acts_dropped_.add(acts);
  }
  TRY(const auto answers, repeat([this] { return KeptAnswers::drop_some(*session_, kKeepAnswers); }));
  if (answers > 0) log_.debug("store: dropped answers that were kept for repeats", {{"answers", answers}});
  if (images + acts > 0)
    log_.info("store: dropped what the log has kept for long enough", {{"images", images}, {"acts", acts}});
  return {};
}

Result<LogAge> Maintenance::look_at_log() {
  TRY(session_->begin_read());
  auto age = read_log_age(*session_);
  session_->rollback();
  if (!age) return age;
  images_age_.set(seconds(age->images));
  acts_age_.set(seconds(age->acts));
  return age;
}

Result<std::size_t> Maintenance::repeat(const std::function<Result<Taken>()>& step) {
  std::size_t rows = 0;
  while (true) {
    const Tick since = clock_.tick();
    TRY(const auto taken, step());
    rows += taken.rows;
    const auto took = std::chrono::duration_cast<Millis>(clock_.tick() - since);
    if (!taken.more || !pause(std::max(kLeastPause, took))) return rows;
  }
}

}  // namespace allauth::store
