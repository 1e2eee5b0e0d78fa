#include "server/run/process_metrics.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/certificate.h"

namespace allauth::server {
namespace {

// The fields of /proc/self/stat after the name of the program, which may hold anything: 0 is the state.
std::vector<std::string> process_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto end = line.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream rest(line.substr(end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(std::move(field));
  return fields;
}

double stat_number(std::size_t at) {
  const auto fields = process_stat();
  return at < fields.size() ? std::strtod(fields[at].c_str(), nullptr) : 0;
}

double cpu_seconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() { return stat_number(21) * static_cast<double>(::sysconf(_SC_PAGESIZE)); }

// Since 1970: the machine's start, and when after it the process began.
double start_seconds() {
  std::ifstream file("/proc/stat");
  double boot = 0;
  for (std::string word; file >> word;)
    if (word == "btime") file >> boot;
  return boot + stat_number(19) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double open_files() {
  std::error_code failed;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
       at.increment(failed))
    ++count;
  return std::max(count - 1, 0.0);  // less the one that it took to look
}

double most_files() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

void add_certificate(Metrics& metrics, std::string listener, const TlsConfig& tls) {
  if (tls.certificate.empty()) return;
  metrics.gauge("allauth_tls_certificate_expiry_seconds", "When a listener's certificate ends, since 1970.",
                fmt::format(R"(listener="{}")", listener), [file = tls.certificate] {
                  const auto end = net::certificate_end(file);
                  return end ? static_cast<double>(to_millis(*end)) / 1000 : 0.0;
                });
}

}  // namespace

void add_process_metrics(Metrics& metrics, const Config& config) {
  metrics.gauge("allauth_build_info", "1; the labels say which version runs.",
                fmt::format(R"(version="{}")", ALLAUTH_VERSION), [] { return 1.0; });
  metrics.gauge("process_cpu_seconds", "CPU time that the process has taken.", {}, cpu_seconds);
  metrics.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", {}, resident_bytes);
  metrics.gauge("process_start_time_seconds", "When the process began, since 1970.", {},
                [start = start_seconds()] { return start; });
  metrics.gauge("process_open_fds", "Files and sockets that are open.", {}, open_files);
  metrics.gauge("process_max_fds", "Files and sockets that may be open.", {}, most_files);
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    add_certificate(metrics, fmt::format("listener.{}", i), config.listeners[i].tls);
  for (std::size_t i = 0; i < config.grpc.size(); ++i)
    add_certificate(metrics, fmt::format("grpc.{}", i), config.grpc[i].tls);
  for (std::size_t i = 0; i < config.gateways.size(); ++i)
    add_certificate(metrics, fmt::format("gateway.{}", i), config.gateways[i].tls);
}

}  // namespace allauth::server
