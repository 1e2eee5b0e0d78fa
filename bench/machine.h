// The machine and its processes, as /proc tells: Linux only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace allauth::bench {

// A thread's core when there are two or more; the server gets the first, what loads it the second.
inline constexpr int kServerCore = 0;
inline constexpr int kLoadCore = 1;

// Binds the calling thread, and all that it starts, to one core; does nothing for a core that is not
// there. `core` < 0: all cores again.
void bind_to(int core);

// User and system time of a process with all its threads; 0 if it is gone.
std::chrono::microseconds cpu_time(pid_t pid);

// Resident memory in KiB: all of it, and the part without mapped files.
struct Memory {
  std::int64_t resident = 0;
  std::int64_t anonymous = 0;
};
Memory memory(pid_t pid);

// "2 cores, Intel(R) Xeon(R) …, Linux 6.1".
std::string describe_machine();

// Bytes that this process has allocated, with the allocator's own headers.
std::int64_t allocated_bytes();

}  // namespace allauth::bench
