#include "store/snapshot/hub.h"

#include "store/rows.h"
#include "store/snapshot/builder.h"

namespace allauth::store {
namespace {

// How long a session is remembered as ended: the longest life of an access token (the configuration sees to
// it), and a day for a clock that was wrong when the session ended.
constexpr Millis kRemembered = std::chrono::hours(24 + 24);
constexpr Millis kForgetEvery = std::chrono::minutes(10);

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
      revision_gauge_(
          metrics.gauge("allauth_snapshot_revision", "Revision that hot questions are answered from.")),
      identity_(next_identity()),
      schema_(std::move(schema)),
      newest_(std::make_shared<const Snapshot>(schema_)),
      heard_(clock.tick()) {}

Result<void> SnapshotHub::follow(Store& store) {
  return store.follow({.load = [this](Read& read) { return load_rows(read); },
                       .applied = [this](const AppliedBatch& batch) { apply(batch); },
                       .contact = [this] { contact(); }});
}

Result<void> SnapshotHub::load_rows(Read& read) {
  SnapshotBuilder builder{Snapshot(schema_)};
  // Owners before what belongs to them: a credential or connection refers to nodes that must be there.
  TRY((put_all<User, Domain, Client, Channel, Connection, Role, RoleMember, Credential, Session>(read,
                                                                                                 builder)));
  publish(builder.freeze(read.revision()));
  healthy_.store(true);
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
  hub_->publish(builder_->freeze(revision));
  hub_->healthy_.store(true);
  builder_.reset();
}

void SnapshotHub::apply(const AppliedBatch& batch) {
  if (!healthy()) return;
  if (auto followed = try_apply(batch); !followed) {
    healthy_.store(false);
    publish(Snapshot(schema_));  // knows nobody and grants nothing
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
  const auto revision = to_number(next.revision());
  auto root = std::make_shared<const Snapshot>(std::move(next));
  {
    std::lock_guard lock(mutex_);
    newest_.swap(root);
  }
  version_.fetch_add(1, std::memory_order_release);
  revision_gauge_.set(static_cast<std::int64_t>(revision));
  contact();
}

Millis SnapshotHub::silence() const {
  return std::chrono::duration_cast<Millis>(clock_.tick() - heard_.load(std::memory_order_relaxed));
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
    held = {identity_, version, newest_};
  }
  return held.root;
}

}  // namespace allauth::store
