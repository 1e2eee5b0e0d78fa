// The gateway against the same broker without it, and against HAProxy in TCP mode. The broker and the
// load share a core, what stands between them has the other: the ratio is the point, not the number.
#include <chrono>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "bench/broker.h"
#include "bench/machine.h"
#include "bench/mqtt_load.h"
#include "bench/rows.h"
#include "bench/site.h"

namespace allauth::bench {
namespace {

constexpr std::size_t kPairs = 10;
constexpr double kMinOfDirect = 0.8;
constexpr double kMinOfHaproxy = 0.9;
constexpr double kMaxMoreThanHaproxy = 5;  // µs
constexpr double kMaxIdleKib = 8;
constexpr std::size_t kPerAddress = 2000;  // idle connections from one address
constexpr auto kUntilIdle = std::chrono::seconds(5);
constexpr int kBrokerCore = 0;
constexpr int kProxyCore = 1;

// One way to the broker.
struct Way {
  std::string name;
  Target target;
  pid_t pid = 0;  // of what stands in between
  Sample messages = {}, cpu = {}, p50 = {}, p99 = {}, connects = {}, connect_cpu = {};
};

struct Stage {
  TempDir dir;
  std::optional<Process> broker, haproxy;
  std::optional<Server> server;
  Site site;
  std::vector<mqtt::Login> logins;
};

Result<void> start_gateway(const Options& options, Stage& stage) {
  const int core = options.pin ? kProxyCore : -1;
  TRY(stage.server, start_server({.program = options.allauth,
                                  .data_dir = stage.dir.path() + "/data",
                                  .core = core,
                                  .settings = {"--threads=1", "--gateway.0.address=127.0.0.1:0",
                                               fmt::format("--gateway.0.upstream.address=127.0.0.1:{}",
                                                           stage.broker->target.port)}}));
  TRY(stage.site, make_site(*stage.server, kPairs));
  for (const auto& client : stage.site.clients)
    stage.logins.push_back({.client_id = {}, .username = client.id, .password = client.key});
  if (!stage.server->gateway)
    return fail(Code::unavailable, "gateway.missing", "The server did not say where its gateway listens.");
  return {};
}

Result<void> start_all(const Options& options, Stage& stage, Report& report) {
  const bool found = ::access(options.haproxy.c_str(), X_OK) == 0;
  TRY(stage.broker, start_mosquitto(options.mosquitto, stage.dir.path(), options.pin ? kBrokerCore : -1));
  TRY(start_gateway(options, stage));
  if (!found) {
    report.note("mqtt", fmt::format("HAProxy is not measured: there is no {}.", options.haproxy));
    return {};
  }
  TRY(stage.haproxy,
      start_haproxy(options.haproxy, stage.dir.path(), stage.broker->target, options.pin ? kProxyCore : -1));
  return {};
}

Result<void> measure_pairs(const Stage& stage, double seconds, Way& way, Report& report) {
  mqtt::PairsLoad load{.target = way.target, .logins = stage.logins, .topics = {}, .seconds = seconds};
  for (std::size_t i = 0; i < kPairs; ++i) load.topics.push_back(stage.site.topic(i));
  const auto before = cpu_time(way.pid);
  TRY(const auto result, mqtt::run(load));
  const auto used = std::chrono::duration<double, std::micro>(cpu_time(way.pid) - before).count();
  if (result.wrong > 0)
    report.wrong("mqtt.qos0", fmt::format("{}: {} of {} messages", way.name, result.wrong, result.messages));
  const auto messages = static_cast<double>(std::max<std::uint64_t>(1, result.messages));
  way.messages.add(messages / result.seconds);
  if (way.pid > 0) way.cpu.add(used / messages);
  return {};
}

Result<void> measure_acks(const Stage& stage, double seconds, Way& way) {
  auto login = stage.logins.front();
  login.client_id = "acks";
  TRY(auto latencies,
      mqtt::run(mqtt::AckLoad{
          .target = way.target, .login = login, .topic = stage.site.topic(0), .seconds = seconds}));
  way.p50.add(latencies.micros(0.5));
  way.p99.add(latencies.micros(0.99));
  return {};
}

Result<void> measure_connects(const Stage& stage, std::size_t connections, Way& way) {
  const auto before = cpu_time(way.pid);
  TRY(const double rate,
      mqtt::run(mqtt::ConnectLoad{.target = way.target, .logins = stage.logins, .connections = connections}));
  const auto used = std::chrono::duration<double, std::micro>(cpu_time(way.pid) - before).count();
  way.connects.add(rate);
  if (way.pid > 0) way.connect_cpu.add(used / static_cast<double>(connections));
  return {};
}

Sample less(const Sample& from, const Sample& what) {
  Sample out;
  for (std::size_t i = 0; i < from.runs().size(); ++i) out.add(from.runs()[i] - what.runs()[i]);
  return out;
}

void add_against(const Way& ours, const Way& base, double least, const char* what, const std::string& row,
                 const Sample Way::* figure, Report& report) {
  report.add({.row = row,
              .what = fmt::format("{} vs {}", what, base.name),
              .unit = "1/s",
              .ours = ours.*figure,
              .baseline_name = base.name,
              .baseline = base.*figure,
              .budget = Budget{Budget::Kind::ratio_at_least, least}});
}

// For information: what the processes in between use, however busy the machine is with others.
void add_cpu(const Way& gateway, const Way* haproxy, std::string row, std::string what,
             const Sample Way::* figure, Report& report) {
  Line line{.row = std::move(row), .what = std::move(what), .unit = "us", .ours = gateway.*figure};
  if (haproxy != nullptr) {
    line.baseline_name = haproxy->name;
    line.baseline = haproxy->*figure;
  }
  report.add(std::move(line));
}

void add_latencies(const Way& gateway, const Way& direct, const Way* haproxy, Report& report) {
  const auto add = [&](const char* what, const Sample Way::* figure) {
    report.add({.row = "mqtt.qos1",
                .what = what,
                .unit = "us",
                .ours = gateway.*figure,
                .baseline_name = direct.name,
                .baseline = direct.*figure});
  };
  add("PUBLISH to PUBACK p50 vs direct", &Way::p50);
  add("PUBLISH to PUBACK p99 vs direct", &Way::p99);
  const auto added = less(gateway.p50, direct.p50);
  if (haproxy == nullptr) {
    report.add({.row = "mqtt.qos1", .what = "added p50", .unit = "us", .ours = added});
    return;
  }
  const auto haproxy_added = less(haproxy->p50, direct.p50);
  report.add({.row = "mqtt.qos1",
              .what = "added p50 vs haproxy",
              .unit = "us",
              .ours = added,
              .baseline_name = haproxy->name,
              .baseline = haproxy_added});
  report.add({.row = "mqtt.qos1",
              .what = "added p50 beyond haproxy's",
              .unit = "us",
              .ours = less(added, haproxy_added),
              .budget = Budget{Budget::Kind::at_most, kMaxMoreThanHaproxy}});
}

void add_lines(const std::vector<Way>& ways, Report& report) {
  const auto& direct = ways[0];
  const auto& gateway = ways[1];
  const Way* haproxy = ways.size() > 2 ? &ways[2] : nullptr;
  add_against(gateway, direct, kMinOfDirect, "messages, 10 pairs", "mqtt.qos0", &Way::messages, report);
  if (haproxy != nullptr)
    add_against(gateway, *haproxy, kMinOfHaproxy, "messages, 10 pairs", "mqtt.qos0", &Way::messages, report);
  add_cpu(gateway, haproxy, "mqtt.qos0", "gateway CPU per message", &Way::cpu, report);
  add_latencies(gateway, direct, haproxy, report);
  add_against(gateway, direct, kMinOfDirect, "connects", "mqtt.connects", &Way::connects, report);
  if (haproxy != nullptr)
    report.add({.row = "mqtt.connects",
                .what = "connects vs haproxy",
                .unit = "1/s",
                .ours = gateway.connects,
                .baseline_name = haproxy->name,
                .baseline = haproxy->connects});
  add_cpu(gateway, haproxy, "mqtt.connects", "gateway CPU per connect", &Way::connect_cpu, report);
}

// On a server that has done nothing else, so that nothing it has kept from before is counted.
Result<void> measure_idle(const Options& options, Report& report) {
  Stage stage;
  TRY(stage.broker, start_mosquitto(options.mosquitto, stage.dir.path(), options.pin ? kBrokerCore : -1));
  TRY(start_gateway(options, stage));
  const std::size_t wanted = options.quick ? 2000 : 8000;
  const auto before = memory(stage.server->process.pid());
  std::vector<Socket> connections;
  for (std::size_t i = 0; i < wanted; ++i) {
    auto login = stage.logins[i % stage.logins.size()];
    login.client_id = fmt::format("idle{}", i);
    auto target = *stage.server->gateway;
    target.source = fmt::format("127.0.0.{}", 1 + i / kPerAddress);
    TRY(auto socket, mqtt::open_session(target, login));
    connections.push_back(std::move(socket));
  }
  std::this_thread::sleep_for(kUntilIdle);
  const auto after = memory(stage.server->process.pid());
  report.add(
      {.row = "mqtt.idle",
       .what = fmt::format("RSS per idle connection, {}", wanted),
       .unit = "KiB",
       .ours = Sample(static_cast<double>(after.resident - before.resident) / static_cast<double>(wanted)),
       .budget = Budget{Budget::Kind::at_most, kMaxIdleKib}});
  return {};
}

}  // namespace

Result<void> mqtt_row(const Options& options, Report& report) {
  if (::access(options.mosquitto.c_str(), X_OK) != 0) {
    report.note("mqtt", fmt::format("not measured: there is no {}.", options.mosquitto));
    return {};
  }
  if (options.pin) bind_to(kBrokerCore);
  Stage stage;
  TRY(start_all(options, stage, report));
  std::vector<Way> ways{
      {.name = "direct", .target = stage.broker->target},
      {.name = "gateway", .target = *stage.server->gateway, .pid = stage.server->process.pid()}};
  if (stage.haproxy)
    ways.push_back({.name = "haproxy", .target = stage.haproxy->target, .pid = stage.haproxy->child.pid()});
  for (auto& way : ways) {  // warms up
    Way thrown_away = way;
    TRY(measure_pairs(stage, 0.3, thrown_away, report));
  }
  for (int i = 0; i < options.runs(); ++i)
    for (auto& way : ways) TRY(measure_pairs(stage, options.seconds(), way, report));
  for (int i = 0; i < options.runs(); ++i)
    for (auto& way : ways) TRY(measure_acks(stage, options.seconds(), way));
  for (int i = 0; i < options.runs(); ++i)
    for (auto& way : ways) TRY(measure_connects(stage, options.quick ? 500 : 3000, way));
  add_lines(ways, report);
  return measure_idle(options, report);
}

}  // namespace allauth::bench
