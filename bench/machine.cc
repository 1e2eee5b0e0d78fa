#include "bench/machine.h"

#include <fstream>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/large_memory.h"
#include "base/text.h"

namespace allauth::bench {
namespace {

long cores() { return ::sysconf(_SC_NPROCESSORS_ONLN); }

// The number after "key:" in a file of such lines.
std::string value_of(const std::string& path, std::string_view key) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    if (colon != std::string::npos) return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return {};
}

std::int64_t kib_of(pid_t pid, std::string_view key) {
  std::istringstream in(value_of(fmt::format("/proc/{}/status", pid), key));
  std::int64_t kib = 0;
  in >> kib;
  return kib;
}

}  // namespace

void bind_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (core >= cores()) return;
  for (int i = 0; i < cores(); ++i)
    if (core < 0 || i == core) CPU_SET(static_cast<std::size_t>(i), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

std::chrono::microseconds cpu_time(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(in, text);
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  constexpr int kBeforeTimes = 11;  // state … cmajflt
  std::string skipped;
  for (int i = 0; i < kBeforeTimes; ++i) rest >> skipped;
  std::int64_t user = 0, system = 0;
  rest >> user >> system;
  return std::chrono::microseconds((user + system) * (1'000'000 / ::sysconf(_SC_CLK_TCK)));
}

Memory memory(pid_t pid) { return {.resident = kib_of(pid, "VmRSS"), .anonymous = kib_of(pid, "RssAnon")}; }

std::string describe_machine() {
  utsname system{};
  ::uname(&system);
  return fmt::format("{} cores, {}, Linux {}", cores(), value_of("/proc/cpuinfo", "model name"),
                     static_cast<const char*>(system.release));
}

std::int64_t allocated_bytes() {
  const auto info = ::mallinfo2();
  return static_cast<std::int64_t>(info.uordblks + info.hblkhd + LargeMemory::mapped());
}

}  // namespace allauth::bench
