// Password logins against the bare hash, and what they do to those who validate tokens meanwhile.
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include "bench/http.h"
#include "bench/http_load.h"
#include "bench/machine.h"
#include "bench/rows.h"
#include "bench/site.h"

namespace allauth::bench {
namespace {

constexpr std::uint64_t kPasses = 2;  // as the server is told below
constexpr std::size_t kMemoryKib = 19'456;
constexpr double kMinRate = 0.95;
constexpr double kMaxTail = 2.0;
constexpr double kValidations = 1000;  // per second: a few per cent of a core

// Of one thread.
struct Raw {
  double rate = 0;  // hashes per second
  double cpu = 0;   // milliseconds of CPU per hash
};
Result<Raw> run_raw(double seconds) {
  std::array<unsigned char, 32> out{};
  const std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const auto cpu_before = cpu_time(::getpid());
  int hashes = 0;
  while (passed() < seconds) {
    if (crypto_pwhash(out.data(), out.size(), kAdminPassword.data(), kAdminPassword.size(), salt.data(),
                      kPasses, kMemoryKib * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0)
      return fail(Code::unavailable, "argon2", "The hash could not be computed.");
    ++hashes;
  }
  const auto used = std::chrono::duration<double, std::milli>(cpu_time(::getpid()) - cpu_before).count();
  return Raw{.rate = hashes / passed(), .cpu = used / hashes};
}

HttpLoad login_load(const Server& server, double seconds) {
  HttpLoad load{.target = server.api,
                .request = http_request(
                    "POST", "/api/v1/sessions", "",
                    fmt::format(R"({{"login":"{}","password":"{}"}})", kAdminEmail, kAdminPassword)),
                .connections = 4,
                .seconds = seconds};
  load.right = [](std::string_view body) { return body.find("\"access_token\"") != std::string_view::npos; };
  return load;
}

HttpLoad token_load(const Server& server, const std::string& token, double seconds) {
  return {.target = server.api,
          .request = http_request("POST", "/api/v1/auth/authenticate", token,
                                  fmt::format(R"({{"access_token":"{}"}})", token)),
          .connections = 16,
          .rate = kValidations,
          .seconds = seconds,
          .right = {}};
}

struct Figures {
  Sample rate, raw, cpu, raw_cpu, calm_p99, busy_p99;
};

Result<void> one_run(const Options& options, const Server& server, const std::string& token, Figures& figures,
                     Report& report) {
  const double seconds = options.seconds();
  if (options.pin) bind_to(kServerCore);
  TRY(const auto raw, run_raw(seconds));
  figures.raw.add(raw.rate);
  figures.raw_cpu.add(raw.cpu);
  if (options.pin) bind_to(kLoadCore);
  const auto before = cpu_time(server.process.pid());
  TRY(const auto logins, run(login_load(server, seconds)));
  const auto used = cpu_time(server.process.pid()) - before;
  figures.cpu.add(std::chrono::duration<double, std::milli>(used).count() /
                  static_cast<double>(std::max<std::uint64_t>(1, logins.answers)));
  figures.rate.add(logins.rate());
  if (logins.wrong > 0) report.wrong("login", fmt::format("{} of {} logins", logins.wrong, logins.answers));
  TRY(auto calm, run(token_load(server, token, seconds)));
  figures.calm_p99.add(calm.latencies.micros(0.99));

  Result<HttpLoadResult> meanwhile = fail(Code::bug, "login.not_run", "The logins did not run.");
  std::thread disturber([&] { meanwhile = run(login_load(server, seconds)); });
  auto busy = run(token_load(server, token, seconds));
  disturber.join();
  if (!busy) return fail(std::move(busy).error());
  if (!meanwhile) return fail(std::move(meanwhile).error());
  figures.busy_p99.add(busy->latencies.micros(0.99));
  return {};
}

}  // namespace

Result<void> login_row(const Options& options, Report& report) {
  if (sodium_init() < 0) return fail(Code::unavailable, "sodium", "libsodium could not be started.");
  const TempDir data;
  TRY(const auto server, start_server({.program = options.allauth,
                                       .data_dir = data.path(),
                                       .core = options.pin ? kServerCore : -1,
                                       .settings = {"--threads=1", "--password.threads=1",
                                                    fmt::format("--password.memory_kib={}", kMemoryKib),
                                                    fmt::format("--password.passes={}", kPasses)}}));
  TRY(const auto token, set_up(server));
  Figures figures;
  for (int i = 0; i < options.runs(); ++i) TRY(one_run(options, server, token, figures, report));
  report.add({.row = "login",
              .what = "password logins, 1 hashing thread",
              .unit = "1/s",
              .ours = figures.rate,
              .baseline_name = "libsodium's Argon2id, 1 thread",
              .baseline = figures.raw,
              .budget = Budget{Budget::Kind::ratio_at_least, kMinRate}});
  report.add({.row = "login",
              .what = "server CPU per login",
              .unit = "ms",
              .ours = figures.cpu,
              .baseline_name = "libsodium's Argon2id",
              .baseline = figures.raw_cpu});
  report.add({.row = "login",
              .what = "token validation p99 meanwhile",
              .unit = "us",
              .ours = figures.busy_p99,
              .baseline_name = "the same without logins",
              .baseline = figures.calm_p99,
              .budget = Budget{Budget::Kind::ratio_at_most, kMaxTail}});
  report.note("login", "server and hashing thread share one core; on a machine with more, each has its own.");
  return {};
}

}  // namespace allauth::bench
