// What a large directory costs: memory per user, client, key and connection in the snapshot, how long it
// takes to build, how soon a server with it is ready after a restart, and its backup.
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "bench/child.h"
#include "bench/directory.h"
#include "bench/machine.h"
#include "bench/rows.h"
#include "bench/site.h"
#include "bench/world.h"
#include "policy/core_schema.h"
#include "store/snapshot/hub.h"
#include "store/state.h"

namespace allauth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kReadyWithin = std::chrono::minutes(5);

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

std::string_view name_of(const store::Image& image) {
  switch (image.kind) {
    case ImageKind::user:
      return "user";
    case ImageKind::client:
      return "client";
    case ImageKind::connection:
      return "connection";
    case ImageKind::credential:
      return image.audience == store::Audience::node ? "password record" : "client key";
    default:
      return "";
  }
}

struct Cost {
  std::int64_t bytes = 0;
  std::size_t rows = 0;
};

// Bytes by kind of row, while a snapshot takes one in after the other.
Result<std::map<std::string_view, Cost>> weigh(store::Store& store, store::SnapshotHub& hub) {
  std::map<std::string_view, Cost> costs;
  auto load = hub.load();
  TRY(const auto revision, store.read([&](store::Read& read) -> Result<Revision> {
    TRY(store::read_state(read, store::Audience::node, [&](store::Image image) -> Result<void> {
      const auto before = allocated_bytes();
      TRY(load.put(image));
      auto& cost = costs[name_of(image)];
      cost.bytes += allocated_bytes() - before;
      ++cost.rows;
      return {};
    }));
    return read.revision();
  }));
  load.finish(revision);
  return costs;
}

Result<void> memory_and_build(const Options& options, const std::string& file, Report& report) {
  World world;
  TRY(open_store(world, file));
  store::SnapshotHub hub(policy::core_schema(), world.clock, world.log, world.metrics);
  TRY(const auto costs, weigh(*world.store, hub));
  std::size_t rows = 0;
  for (const auto& [name, cost] : costs) {
    rows += cost.rows;
    if (!name.empty() && cost.rows > 1)
      report.add({.row = "size",
                  .what = fmt::format("memory per {}", name),
                  .unit = "B",
                  .ours = Sample(static_cast<double>(cost.bytes) / static_cast<double>(cost.rows))});
  }
  Sample build;
  for (int i = 0; i < options.runs(); ++i) {
    store::SnapshotHub again(policy::core_schema(), world.clock, world.log, world.metrics);
    const auto begin = SteadyClock::now();
    TRY(again.follow(*world.store));
    build.add(seconds_since(begin) * 1e6 / static_cast<double>(rows));
    world.store.reset();
    TRY(open_store(world, file));
  }
  report.add({.row = "size", .what = "building the snapshot, per million rows", .unit = "s", .ours = build});
  return {};
}

Result<void> restart(const Options& options, const std::string& data_dir, Report& report) {
  Sample ready, resident;
  for (int i = 0; i < options.runs(); ++i) {
    const auto begin = SteadyClock::now();
    TRY(const auto server, start_server({.program = options.allauth, .data_dir = data_dir, .core = -1}));
    while (!is_ready(server)) {
      if (SteadyClock::now() - begin > kReadyWithin)
        return fail(Code::unavailable, "server.not_ready", "The server did not become ready.");
      std::this_thread::sleep_for(Millis(1));
    }
    ready.add(seconds_since(begin));
    resident.add(static_cast<double>(memory(server.process.pid()).anonymous) / 1024);
  }
  report.add({.row = "size", .what = "restart to ready", .unit = "s", .ours = ready});
  report.add({.row = "size", .what = "RSS without mapped files", .unit = "MiB", .ours = resident});
  return {};
}

Result<double> timed(const std::vector<std::string>& command) {
  const auto begin = SteadyClock::now();
  TRY(auto child, Child::start(command, -1));
  TRY(child.wait());
  return seconds_since(begin);
}

Result<void> backup_and_restore(const Options& options, const std::string& data_dir, const TempDir& dir,
                                Report& report) {
  Sample backup, restore, copy;
  const std::string file = dir.path() + "/backup", fresh = dir.path() + "/restored";
  double size = 0;
  for (int i = 0; i < options.runs(); ++i) {
    std::filesystem::remove(file);
    std::filesystem::remove_all(fresh);
    TRY(const auto written, timed({options.allauth, "backup", file, "--data_dir=" + data_dir}));
    size = static_cast<double>(std::filesystem::file_size(file)) / 1e9;
    TRY(const auto read, timed({options.allauth, "restore", file, "--data_dir=" + fresh}));
    const auto begin = SteadyClock::now();
    std::filesystem::copy_file(file, file + ".copy", std::filesystem::copy_options::overwrite_existing);
    backup.add(written / size);
    restore.add(read / size);
    copy.add(seconds_since(begin) / size);
  }
  const std::string_view plain = "copying the file";
  report.add({.row = "size",
              .what = "backup, per GB of it",
              .unit = "s",
              .ours = backup,
              .baseline_name = std::string(plain),
              .baseline = copy});
  report.add({.row = "size",
              .what = "restore, per GB of backup",
              .unit = "s",
              .ours = restore,
              .baseline_name = std::string(plain),
              .baseline = copy});
  report.note("size", fmt::format("the backup has {:.1f} MB", size * 1000));
  return {};
}

}  // namespace

Result<void> size_row(const Options& options, Report& report) {
  const TempDir dir;
  const std::string data_dir = dir.path() + "/data";
  std::filesystem::create_directory(data_dir);
  const std::size_t clients = options.full ? 1'000'000 : options.quick ? 20'000 : 200'000;
  const DirectorySize size{.users = clients / 4, .clients = clients};
  TRY(make_directory(data_dir + "/allauth.db", size));
  report.note("size", fmt::format("{} users with passwords, {} clients with a key and a connection each",
                                  size.users, size.clients));
  TRY(memory_and_build(options, data_dir + "/allauth.db", report));
  TRY(restart(options, data_dir, report));
  return backup_and_restore(options, data_dir, dir, report);
}

}  // namespace allauth::bench
