// Durable writes per second through the store, 64 at a time, against each engine alone with the same rows
// in the same batches. A write is one connection (the relationship of a client to a channel) with its log
// entry, which is its audit record, and its image; the snapshot follows, as in the server.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <iterator>
#include <mutex>

#include <fmt/format.h>

#include "bench/child.h"
#include "bench/machine.h"
#include "bench/raw_postgres.h"
#include "bench/raw_sqlite.h"
#include "bench/rows.h"
#include "bench/world.h"
#include "policy/core_schema.h"
#include "store/rows.h"
#include "store/snapshot/hub.h"
#include "store/testing/postgres_cluster.h"

namespace allauth::bench {
namespace {

constexpr std::size_t kWriters = 64;
constexpr std::size_t kThings = 400;  // clients, and channels: the pairs of them are enough for a run
constexpr double kMinRatio = 0.7;

std::string client_id(std::size_t n) { return fmt::format("0190f5a1-7000-7000-8000-{:012x}", n); }
std::string channel_id(std::size_t n) { return fmt::format("0190f5a2-7000-7000-8000-{:012x}", n); }
const std::string& domain_id() {
  static const std::string id = "0190f5a0-7000-7000-8000-000000000000";
  return id;
}

store::Act act(std::string slug, std::string target_kind, std::string target) {
  return {.slug = std::move(slug),
          .actor_kind = "user",
          .actor_id = "0190f5a3-7000-7000-8000-000000000000",
          .on_behalf_of = {},
          .domain_id = domain_id(),
          .request_id = "0190f5a4-7000-7000-8000-000000000000",
          .target_kind = std::move(target_kind),
          .target_id = std::move(target)};
}

Result<store::Done> insert_things(store::Tx& tx) {
  tx.act(act("domain.created", "domain", domain_id()));
  Domain domain;
  domain.id = DomainId::trusted(domain_id());
  domain.name = "Bench";
  TRY(store::insert(tx, domain));
  for (std::size_t i = 0; i < kThings; ++i) {
    Client client;
    client.id = ClientId::trusted(client_id(i));
    client.domain = domain.id;
    client.name = "client";
    TRY(store::insert(tx, client));
    Channel channel;
    channel.id = ChannelId::trusted(channel_id(i));
    channel.domain = domain.id;
    channel.name = "channel";
    TRY(store::insert(tx, channel));
  }
  return store::Done{};
}

// A database with the clients and channels, but no connections.
Result<void> make_template(const std::string& path) {
  World world;
  TRY(open_store(world, path));
  TRY(world.store->write(store::Write<store::Done>{.recheck = {}, .run = insert_things}));
  return {};
}

Result<store::Done> insert_connection(store::Tx& tx, std::size_t n) {
  Connection connection;
  // As if they came from everywhere: not in the order of their keys.
  connection.client = ClientId::trusted(client_id(n * 7 % kThings));
  connection.channel = ChannelId::trusted(channel_id(n / kThings));
  connection.domain = DomainId::trusted(domain_id());
  connection.publish = connection.subscribe = true;
  connection.stamp.created_at = connection.stamp.updated_at = tx.now();
  auto done = act("connection.created", "channel", connection.channel.str());
  connection.stamp.created_by = connection.stamp.updated_by = done.actor_id;
  tx.act(std::move(done));
  TRY(store::insert(tx, connection));
  return store::Done{};
}

// Keeps 64 writes under way: each answer lets one more in, as it would on an I/O thread.
class Writers {
 public:
  explicit Writers(store::Store& store) : store_(store) {}

  // How many writes failed.
  std::size_t run(std::size_t writes) {
    for (std::size_t n = 0; n < writes; ++n) {
      wait_until([this] { return under_way_ < kWriters; });
      submit(n);
    }
    wait_until([this] { return under_way_ == 0; });
    return failed_;
  }

 private:
  template <class Condition>
  void wait_until(Condition condition) {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, condition);
  }
  void submit(std::size_t n) {
    {
      std::lock_guard lock(mutex_);
      ++under_way_;
    }
    store_.submit<store::Done>(
        {.recheck = {}, .run = [n](store::Tx& tx) { return insert_connection(tx, n); }},
        [this](const Result<store::Committed<store::Done>>& result) {
          std::lock_guard lock(mutex_);
          --under_way_;
          if (!result) ++failed_;
          answered_.notify_one();
        });
  }

  store::Store& store_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::size_t under_way_ = 0;
  std::size_t failed_ = 0;
};

struct StoreRun {
  double seconds = 0;
  std::vector<std::size_t> batches;
  std::vector<store::LogEntry> entries;
};

Result<StoreRun> run_store(const std::string& path, std::size_t writes, Report& report) {
  World world;
  TRY(open_store(world, path));
  store::SnapshotHub hub(policy::core_schema(), world.clock, world.log, world.metrics);
  TRY(hub.follow(*world.store));
  StoreRun made;
  TRY(world.store->follow({.applied = [&made](const store::AppliedBatch& batch) {
    made.batches.push_back(batch.entries.size());
  }}));
  TRY(const auto before, world.store->read([](store::Read& read) { return store::read_head(read); }));
  const auto begin = std::chrono::steady_clock::now();
  const auto failed = Writers(*world.store).run(writes);
  made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (failed > 0 || !hub.healthy()) report.wrong("writes", fmt::format("{} of {} failed", failed, writes));
  for (auto from = before.newest; made.entries.size() < writes;) {  // a read ends when it has enough bytes
    TRY(auto entries, world.store->read_log(from, writes));
    if (entries.empty()) return fail(Code::unavailable, "bench.log", "The log lacks entries.");
    from = store::cursor_after(entries.back());
    std::ranges::move(entries, std::back_inserter(made.entries));
  }
  world.store->close();
  return made;
}

// What the row needs of an engine. Each database that it makes has the clients and channels.
struct Engine {
  std::string row;
  std::string baseline_name;
  std::function<Result<std::string>()> fresh;  // the location of a database
  Result<double> (*replay)(const std::string& location, const std::string& domain,
                           std::span<const store::LogEntry> entries, const std::vector<std::size_t>& batches);
  Result<std::int64_t> (*count)(const std::string& location);
};

struct Figures {
  Sample ours, raw, batch;
};

Result<void> one_run(const Engine& engine, std::size_t writes, Figures& figures, Report& report) {
  TRY(const auto ours, engine.fresh());
  TRY(const auto made, run_store(ours, writes, report));
  TRY(const auto raw, engine.fresh());
  TRY(const auto seconds, engine.replay(raw, domain_id(), made.entries, made.batches));
  TRY(const auto our_count, engine.count(ours));
  TRY(const auto raw_count, engine.count(raw));
  const auto expected = static_cast<std::int64_t>(writes);
  if (our_count != expected || raw_count != expected)
    report.wrong(engine.row, fmt::format("{} and {} rows instead of {}", our_count, raw_count, writes));
  figures.ours.add(static_cast<double>(writes) / made.seconds);
  figures.raw.add(static_cast<double>(writes) / seconds);
  figures.batch.add(static_cast<double>(writes) / static_cast<double>(made.batches.size()));
  return {};
}

Result<void> compare(const Engine& engine, const Options& options, Report& report) {
  const std::size_t writes = options.quick ? 15'000 : 60'000;
  Figures figures;
  for (int i = 0; i < options.runs(); ++i) TRY(one_run(engine, writes, figures, report));
  report.add({.row = engine.row,
              .what = "durable writes, 64 at a time",
              .unit = "1/s",
              .ours = figures.ours,
              .baseline_name = engine.baseline_name,
              .baseline = figures.raw,
              .budget = Budget{Budget::Kind::ratio_at_least, kMinRatio}});
  report.add({.row = engine.row, .what = "writes per commit", .unit = "", .ours = figures.batch});
  return {};
}

Result<void> on_sqlite(const Options& options, Report& report) {
  const TempDir dir;
  TRY(make_template(dir.path() + "/template.db"));
  int made = 0;
  const auto fresh = [&]() -> Result<std::string> {
    auto path = fmt::format("{}/{}.db", dir.path(), ++made);
    std::filesystem::copy_file(dir.path() + "/template.db", path);
    return path;
  };
  return compare({.row = "writes.sqlite",
                  .baseline_name = "SQLite FULL, same rows and batches",
                  .fresh = fresh,
                  .replay = replay_on_sqlite,
                  .count = count_on_sqlite},
                 options, report);
}

Result<void> on_postgres(const Options& options, Report& report) {
  using store::testing::PostgresCluster;
  if (const auto missing = PostgresCluster::missing(); !missing.empty()) {
    report.note("writes.postgres", missing);
    return {};
  }
  PostgresCluster cluster(PostgresCluster::Durable::yes);
  const auto fresh = [&]() -> Result<std::string> {
    auto url = cluster.fresh_schema();
    TRY(make_template(url));
    return url;
  };
  return compare({.row = "writes.postgres",
                  .baseline_name = "libpq, same rows and batches",
                  .fresh = fresh,
                  .replay = replay_on_postgres,
                  .count = count_on_postgres},
                 options, report);
}

}  // namespace

Result<void> writes_row(const Options& options, Report& report) {
  TRY(on_sqlite(options, report));
  return on_postgres(options, report);
}

}  // namespace allauth::bench
