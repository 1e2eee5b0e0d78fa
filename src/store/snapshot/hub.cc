#include "store/snapshot/hub.h"

#include "store/rows.h"
#include "store/snapshot/builder.h"

namespace allauth::store {
namespace {

// How long a session is remembered as ended: the longest life of an access token (the configuration sees to
// it), and a day for a clock that was wrong when the session ended.
constexpr Millis kRemembered = std::chrono::hours(24 + 24);
constexpr Millis kForgetEvery = std::chrono::minutes(10);
constexpr std::size_t kMostWaiters = 1024;
constexpr Millis kWatchInterval{100};

std::uint64_t next_identity() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1);
}

template <class... Rows>
Result<void> put_all(Read& read, SnapshotBuilder& builder) {
  Result<void> done;
  ((done = done ? for_each<Rows>(read, [&](const Rows& row) { return builder.put(row); }) : std::move(done)),
   ...);
  return done;
}

}  // namespace

SnapshotHub::SnapshotHub(std::shared_ptr<const policy::CompiledSchema> schema, Clock& clock, Log& log,
                         Metrics& metrics)
    : clock_(clock),
      log_(log),
      metrics_(metrics),
      revision_gauge_(
          metrics.gauge("allauth_snapshot_revision", "Revision that hot questions are answered from.")),
      identity_(next_identity()),
      schema_(std::move(schema)),
      newest_(std::make_shared<const Snapshot>(schema_)),
      given_out_(newest_),
      heard_(clock.tick()),
      waiters_(kMostWaiters) {}

SnapshotHub::~SnapshotHub() {
  watch_.request_stop();
  if (watch_.joinable()) watch_.join();
  waiters_.close();
}

Result<void> SnapshotHub::follow(Store& store) {
  return store.follow({.load = [this](Read& read) { return load_rows(read); },
                       .applied = [this](const AppliedBatch& batch) { apply(batch); },
                       .contact = [this] { contact(); }});
}

Result<void> SnapshotHub::load_rows(Read& read) {
  SnapshotBuilder builder{Snapshot(schema_)};
  // Owners before what belongs to them: a credential or connection refers to nodes that must be there.
  TRY((put_all<PolicySchema, User, Domain, Group, Client, Channel, Connection, GroupConnection, Role,
               RoleMember, Credential, Session, Relationship>(read, builder)));
  healthy_.store(true);
  publish(builder.freeze(read.revision()));
  return {};
}

SnapshotHub::Load::Load(SnapshotHub& hub)
    : hub_(&hub), builder_(std::make_unique<SnapshotBuilder>(Snapshot(hub.schema_))) {}
SnapshotHub::Load::Load(Load&&) noexcept = default;
SnapshotHub::Load& SnapshotHub::Load::operator=(Load&&) noexcept = default;
SnapshotHub::Load::~Load() = default;

Result<void> SnapshotHub::Load::put(const Image& image) {
  if (!builder_) return fail(Code::bug, "snapshot.load", "Nothing more can be loaded after an error.");
  auto done = builder_->apply(image.kind, image.key, image.bytes);
  if (!done) builder_.reset();
  return done;
}

void SnapshotHub::Load::finish(Revision revision) {
  if (!builder_) return;
  hub_->healthy_.store(true);
  hub_->publish(builder_->freeze(revision));
  builder_.reset();
}

void SnapshotHub::apply(const AppliedBatch& batch) {
  if (!healthy()) return;
  if (auto followed = try_apply(batch); !followed) {
    healthy_.store(false);
    publish(Snapshot(schema_, newest_->revision(), Trust::broken));
    log_.error("the snapshot cannot follow the log; nothing is granted until the state is read anew",
               followed.error());
  }
}

Result<void> SnapshotHub::try_apply(const AppliedBatch& batch) {
  SnapshotBuilder builder(*newest_);
  forget_ended_sessions(builder);
  for (const auto& entry : batch.entries)
    for (const auto& image : entry.images) TRY(builder.apply(image.kind, image.key, image.bytes));
  publish(builder.freeze(batch.entries.back().revision));
  return {};
}

// By the time that has passed, not by the time of day: a clock that runs ahead for a while and is set back
// would bring sessions to life again.
void SnapshotHub::forget_ended_sessions(SnapshotBuilder& builder) {
  const Tick tick = clock_.tick();
  if (tick < next_forgetting_) return;
  builder.forget_revoked_before(made_ + std::chrono::duration_cast<Millis>(tick - made_at_) - kRemembered);
  next_forgetting_ = tick + kForgetEvery;
}

void SnapshotHub::publish(Snapshot next) {
  const Revision revision = next.revision();
  auto root = std::make_shared<const Snapshot>(std::move(next));
  heard_.store(clock_.tick());
  {
    std::lock_guard lock(mutex_);
    newest_ = root;
    if (!stale_.load()) give_out(std::move(root));
  }
  revision_gauge_.set(static_cast<std::int64_t>(to_number(revision)));
  contact();
  waiters_.reached(revision);
}

void SnapshotHub::give_out(std::shared_ptr<const Snapshot> root) {
  given_out_.swap(root);
  version_.fetch_add(1, std::memory_order_release);
}

void SnapshotHub::contact(Millis ago) {
  heard_.store(clock_.tick() - ago);
  {
    std::lock_guard lock(mutex_);
    if (!stale_.load() || (most_silence_ && ago > *most_silence_)) return;
    stale_.store(false);
    give_out(newest_);
  }
  log_.warn("the log was heard of again; questions are answered again");
}

Millis SnapshotHub::silence() const {
  return std::chrono::duration_cast<Millis>(clock_.tick() - heard_.load());
}

void SnapshotHub::watch(std::optional<Millis> most_silence) {
  most_silence_ = most_silence;
  metrics_.gauge("allauth_log_age_seconds", "How long nothing was heard of the log; 0 where it is embedded.",
                 "",
                 [this] { return most_silence_ ? std::chrono::duration<double>(silence()).count() : 0.0; });
  watch_ = std::jthread([this](std::stop_token stop) { run_watch(std::move(stop)); });
}

void SnapshotHub::run_watch(std::stop_token stop) {
  std::unique_lock lock(watching_);
  while (!stop.stop_requested()) {
    watch_ends_.wait_for(lock, stop, kWatchInterval, [] { return false; });
    check_silence();
    waiters_.expire(clock_.tick());
  }
}

// A thread of its own sees to it: whatever the one that feeds the hub hangs in, silence becomes staleness.
void SnapshotHub::check_silence() {
  if (!most_silence_ || stale_.load()) return;
  {
    std::lock_guard lock(mutex_);
    if (silence() <= *most_silence_) return;
    give_out(std::make_shared<const Snapshot>(schema_, newest_->revision(), Trust::stale));
    stale_.store(true);  // whoever sees it sees the snapshot as well
  }
  log_.error("nothing was heard of the log for too long; no question is answered until it is",
             {{"silence_seconds", std::chrono::duration_cast<Seconds>(silence()).count()}});
}

void SnapshotHub::when(Revision wanted, Millis longest, RevisionWaiters::Then then) {
  waiters_.add(wanted, clock_.tick() + longest, std::move(then));
}

const std::shared_ptr<const Snapshot>& SnapshotHub::view() const {
  struct Held {
    std::uint64_t identity = 0, version = 0;
    std::shared_ptr<const Snapshot> root;
  };
  thread_local Held held;
  const auto version = version_.load(std::memory_order_acquire);
  if (held.version != version || held.identity != identity_) {
    std::lock_guard lock(mutex_);
    held = {identity_, version, given_out_};
  }
  return held.root;
}

}  // namespace allauth::store
