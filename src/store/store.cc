#include "store/store.h"

#include "store/maintenance.h"
#include "store/migrate.h"
#include "store/probe.h"
#include "store/read_pool.h"
#include "store/restoring.h"
#include "store/sql/slow_log.h"
#include "store/writer.h"

namespace allauth::store {
namespace {

Result<void> bring_up_to_date(const StoreOptions& options, bool shared, sql::Session& session) {
  TRY(require_no_restore(session));
  if (options.migrating == Migrating::never || (shared && options.migrating == Migrating::unless_shared))
    return require_migrated(session, options.migrations);
  const auto migrated = migrate(session, options.migrations, options.clock, options.entropy);
  if (migrated || migrated.error().reason != Reason("store.nodes.older")) return migrated;
  options.log.warn("store: a step of the schema is left for later",
                   {{"reason", migrated.error().reason.slug()}, {"why", migrated.error().message}});
  return require_migrated(session, options.migrations);
}

bool is_listed(const StoreOptions& options, bool shared) {
  return shared && options.retention && options.node;
}

NodeReport report_of(const StoreOptions& options, Revision applied) {
  return {.node = *options.node, .schema = static_cast<int>(options.migrations.size()), .revision = applied};
}

}  // namespace

class Store::Impl {
 public:
  Impl(const StoreOptions& options, std::unique_ptr<sql::Database> database,
       std::unique_ptr<sql::Session> writing, std::vector<std::unique_ptr<sql::Session>> reading,
       LogCursor at)
      : database_(std::move(database)),
        probe_(options.metrics, options.clock),
        readers_(std::move(reading), options.read_wait),
        writer_(std::move(writing), {options.clock, options.entropy, options.log, probe_},
                {.queued = options.max_queued_writes,
                 .batch_writes = options.max_batch_writes,
                 .batch_images = options.max_batch_images,
                 .poll_interval = database_->shared() ? std::optional(options.poll_interval) : std::nullopt,
                 .quotas = quota_rules(options.quotas, options.metrics)},
                at),
        listening_(database_->listen({.heard = [this](std::uint64_t said) { hear(said); },
                                      .connected = [this](bool can) { set_listening(can); }})) {}

  Result<void> look_after(const StoreOptions& options) {
    if (!options.retention) return {};
    TRY(auto session, database_->connect(sql::Database::Access::read_write));
    ReportOfNode report;
    if (is_listed(options, shared()))
      report = [this, blank = report_of(options, {})] {
        NodeReport now = blank;
        now.revision = writer_.applied();
        return now;
      };
    maintenance_.emplace(std::move(session), options.clock, options.log, options.metrics, *options.retention,
                         std::move(report));
    return {};
  }
  void close() {
    if (maintenance_) maintenance_->close();
    writer_.close();
  }

  bool shared() const { return database_->shared(); }
  Probe& probe() { return probe_; }
  ReadPool& readers() { return readers_; }
  Writer& writer() { return writer_; }

 private:
  void hear(std::uint64_t said) {
    if (writer_.hint(static_cast<Revision>(said))) probe_.hinted();
  }
  void set_listening(bool can) {
    probe_.listening(can);
    if (can) writer_.hint();  // what was missed
  }

  std::unique_ptr<sql::Database> database_;
  Probe probe_;
  ReadPool readers_;
  Writer writer_;
  std::optional<Maintenance> maintenance_;
  std::unique_ptr<sql::Listening> listening_;  // after all that it tells
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() { close(); }

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
  TRY(auto database, sql::open_database(options.location, options.clock, options.log, options.database));
  return open(std::move(options), std::move(database));
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, std::unique_ptr<sql::Database> database) {
  if (options.slow_statement > Millis(0))
    database = sql::with_slow_log(std::move(database), options.clock, options.log, options.slow_statement);
  TRY(auto writing, database->connect(sql::Database::Access::read_write));
  TRY(bring_up_to_date(options, database->shared(), *writing));
  TRY(const auto head, read_head(*writing));
  if (is_listed(options, database->shared()))
    TRY(enter_node(*writing, report_of(options, head.newest.revision),
                   [&] { return require_migrated(*writing, options.migrations); }));
  std::vector<std::unique_ptr<sql::Session>> reading;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i) {
    TRY(auto session, database->connect(sql::Database::Access::read_only));
    reading.push_back(std::move(session));
  }
  auto impl = std::make_unique<Impl>(options, std::move(database), std::move(writing), std::move(reading),
                                     head.newest);
  TRY(impl->look_after(options));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

void Store::enqueue(QueuedWrite write) { impl_->writer().enqueue(std::move(write)); }

Result<void> Store::check_may_wait() const {
  if (!impl_->writer().on_writer_thread()) return {};
  return fail(Code::bug, "write.nested", "The writer's thread cannot wait for itself.");
}

Result<void> Store::with_reader(const std::function<void(Read&)>& fn) {
  const Tick since = impl_->probe().start();
  auto result = impl_->readers().run(fn);
  impl_->probe().read_done(since);
  return result;
}

Result<void> Store::follow(LogFollower follower) {
  TRY(check_may_wait());
  return impl_->writer().follow(std::move(follower));
}

bool Store::shared() const { return impl_->shared(); }

void Store::hint() { impl_->writer().hint(); }
bool Store::hint(Revision said) { return impl_->writer().hint(said); }

Result<Revision> Store::revision() {
  return read([](Read& read) -> Result<Revision> { return read.revision(); });
}

Result<std::vector<LogEntry>> Store::read_log(const LogCursor& from, std::size_t limit) {
  return read([&](Read& read) { return read_entries(read, from, limit); });
}

void Store::close() { impl_->close(); }

}  // namespace allauth::store
