// Several nodes on one PostgreSQL database: how soon all know what one of them did, and what they still
// answer while the database is away.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "bench/child.h"
#include "bench/http.h"
#include "bench/http_load.h"
#include "bench/machine.h"
#include "bench/rows.h"
#include "bench/site.h"
#include "bench/world.h"
#include "policy/core_schema.h"
#include "store/rows.h"
#include "store/snapshot/hub.h"
#include "store/testing/postgres_cluster.h"

namespace allauth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using store::testing::PostgresCluster;

constexpr double kKnownWithin = 1000;  // ms, p99: a right revoked on one node is refused on all
constexpr auto kGiveUp = std::chrono::seconds(30);
constexpr auto kPace = std::chrono::milliseconds(7);  // prime to the interval of polling

double millis(SteadyClock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

void add_lag(const std::string& what, Latencies& lag, Report& report) {
  report.add({.row = "nodes", .what = what + ", p50", .unit = "ms", .ours = Sample(lag.micros(0.5) / 1000)});
  report.add({.row = "nodes",
              .what = what + ", p99",
              .unit = "ms",
              .ours = Sample(lag.micros(0.99) / 1000),
              .budget = Budget{Budget::Kind::at_most, kKnownWithin}});
}

// A node's store and snapshot, without a server around them.
struct Node {
  World world;
  store::SnapshotHub hub{policy::core_schema(), world.clock, world.log, world.metrics};
  ~Node() { world.store.reset(); }

  Result<void> join(const std::string& location) {
    TRY(open_store(world, location));
    return hub.follow(*world.store);
  }
};

Result<store::Done> make_domain(store::Tx& tx, std::size_t n) {
  Domain domain;
  domain.id = DomainId::trusted(fmt::format("0190f5a0-7000-7000-8000-{:012x}", n));
  domain.name = "Bench";
  tx.act({.slug = "bench.made", .actor_kind = "system", .actor_id = "bench"});
  TRY(store::insert(tx, domain));
  return store::Done{};
}

// From the answer of a write on one node to the moment at which it is in the snapshot of another.
Result<void> convergence(const Options& options, const std::string& location, Report& report) {
  std::mutex mutex;
  std::condition_variable followed;
  std::map<Revision, SteadyClock::time_point> seen;
  Node writing, reading;
  TRY(writing.join(location));
  TRY(reading.join(location));
  TRY(reading.world.store->follow({.applied = [&](const store::AppliedBatch& batch) {
    std::lock_guard lock(mutex);
    for (const auto& entry : batch.entries) seen.emplace(entry.revision, SteadyClock::now());
    followed.notify_one();
  }}));
  const std::size_t writes = options.quick ? 300 : 3000;
  std::vector<std::pair<Revision, SteadyClock::time_point>> answered;
  for (std::size_t n = 0; n < writes; ++n) {
    TRY(const auto done, writing.world.store->write(store::Write<store::Done>{
                             .recheck = {}, .run = [n](store::Tx& tx) { return make_domain(tx, n); }}));
    answered.emplace_back(done.revision, SteadyClock::now());
    std::this_thread::sleep_for(kPace);
  }
  std::unique_lock lock(mutex);
  if (!followed.wait_for(lock, kGiveUp, [&] { return seen.contains(answered.back().first); }))
    return fail(Code::unavailable, "nodes.apart", "A node does not follow.");
  Latencies lag;
  for (const auto& [revision, when] : answered)
    lag.add(std::max<std::int64_t>(0, std::chrono::nanoseconds(seen.at(revision) - when).count()));
  add_lag("convergence, answer on one to snapshot of another", lag, report);
  return {};
}

std::string question(const Site& site) {
  return fmt::format(
      R"({{"subject":{{"kind":"client","id":"{}"}},"permission":"publish","object":{{"kind":"channel","id":"{}"}}}})",
      site.clients.front().id, site.channel);
}

// Whether the client may publish; asked on one connection, as long as the server keeps it.
class Asker {
 public:
  static Result<Asker> dial_to(const Server& server, const Site& site) {
    TRY(auto socket, dial(server.api, Blocking::yes));
    return Asker(server.api, std::move(socket),
                 http_request("POST", "/api/v1/auth/check", site.token, question(site)));
  }
  Result<bool> allowed() {
    TRY(send_all(socket_, request_));
    std::string bytes;
    while (!parse_answer(bytes)) TRY(receive_some(socket_, bytes));
    if (parse_answer(bytes)->closes) {
      TRY(socket_, dial(target_, Blocking::yes));
    }
    return parse_answer(bytes)->body.find("\"allowed\":true") != std::string_view::npos;
  }
  // How long until the answer is this one.
  Result<double> wait_for(bool answer) {
    const auto begin = SteadyClock::now();
    for (;;) {
      TRY(const bool now, allowed());
      if (now == answer) return millis(SteadyClock::now() - begin);
      if (SteadyClock::now() - begin > kGiveUp)
        return fail(Code::unavailable, "nodes.apart", "A node does not follow.");
    }
  }

 private:
  Asker(Target target, Socket socket, std::string request)
      : target_(std::move(target)), socket_(std::move(socket)), request_(std::move(request)) {}
  Target target_;
  Socket socket_;
  std::string request_;
};

// A client is disconnected from a channel on one server; another one is asked until it refuses.
Result<void> revocation(const Options& options, const Server& one, const Server& other, const Site& site,
                        Report& report) {
  TRY(auto asker, Asker::dial_to(other, site));
  const auto connections = fmt::format("/api/v1/channels/{}/connections", site.channel);
  const auto& client = site.clients.front().id;
  Latencies lag;
  for (int i = 0; i < (options.quick ? 20 : 200); ++i) {
    TRY(asker.wait_for(true));
    TRY(call(one.api, "DELETE", connections + "/" + client, site.token, ""));
    TRY(const auto took, asker.wait_for(false));
    lag.add(static_cast<std::int64_t>(took * 1e6));
    TRY(call(one.api, "POST", connections, site.token,
             fmt::format(R"({{"client_id":"{}","actions":["publish","subscribe"]}})", client)));
  }
  TRY(asker.wait_for(true));
  add_lag("revocation over HTTP, answer on one to refusal on another", lag, report);
  return {};
}

// The same questions with the database running, and with it killed.
Result<void> outage(const Options& options, const Server& server, const Site& site, PostgresCluster& cluster,
                    Report& report) {
  if (options.pin) bind_to(kLoadCore);
  const HttpLoad load{
      .target = server.api,
      .request = http_request("POST", "/api/v1/auth/check", site.token, question(site)),
      .seconds = options.seconds(),
      .right = [](std::string_view body) { return body.find("\"allowed\":true") != std::string_view::npos; }};
  Sample up, down;
  const auto measure = [&](Sample& sample) -> Result<void> {
    TRY(const auto result, run(load));
    if (result.wrong > 0)
      report.wrong("nodes", fmt::format("{} of {} answers", result.wrong, result.answers));
    sample.add(result.rate());
    return {};
  };
  for (int i = 0; i < options.runs(); ++i) {
    TRY(measure(up));
    cluster.kill();
    TRY(measure(down));
    cluster.start();
  }
  report.add({.row = "nodes",
              .what = "checks while the database is down",
              .unit = "1/s",
              .ours = down,
              .baseline_name = "the same while it is up",
              .baseline = up});
  return {};
}

Result<void> between_servers(const Options& options, PostgresCluster& cluster, Report& report) {
  const TempDir first, second;
  const auto store = "--store.url=" + cluster.fresh_schema();
  TRY(const auto one, start_server({.program = options.allauth,
                                    .data_dir = first.path(),
                                    .core = options.pin ? kServerCore : -1,
                                    .settings = {store, "--threads=1", "--store.migrate=auto"}}));
  TRY(const auto site, make_site(one, 1));
  {
    TRY(const auto other,
        start_server({.program = options.allauth,
                      .data_dir = second.path(),
                      .core = -1,
                      .settings = {store, "--master_key_file=" + first.path() + "/master.key"}}));
    TRY(revocation(options, one, other, site, report));
  }
  return outage(options, one, site, cluster, report);
}

}  // namespace

Result<void> nodes_row(const Options& options, Report& report) {
  if (const auto missing = PostgresCluster::missing(); !missing.empty()) {
    report.note("nodes", missing);
    return {};
  }
  PostgresCluster cluster(PostgresCluster::Durable::yes);
  TRY(convergence(options, cluster.fresh_schema(), report));
  return between_servers(options, cluster, report);
}

}  // namespace allauth::bench
