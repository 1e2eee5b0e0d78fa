// Other processes: started for one row, ended with it, bound to a core.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.h"
#include "base/error.h"

namespace allauth::bench {

class Child {
 public:
  // `core` as for bind_to(). Its standard output can be read line by line; its errors go to ours.
  static Result<Child> start(const std::vector<std::string>& command, int core);
  // A copy of this process that runs `work` and ends. Only while there is one thread.
  static Result<Child> fork(const std::function<void()>& work, int core);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child() { stop(); }

  pid_t pid() const { return pid_; }
  // The next line; an error when there is none within `wait`.
  Result<std::string> read_line(Millis wait);
  // Waits for its own end. Error child.failed: its exit status is not 0.
  Result<void> wait();
  // Asks it to end, waits, and forces it after five seconds.
  void stop();

 private:
  Child(pid_t pid, int output) : pid_(pid), output_(output) {}
  bool ended(Millis within);

  pid_t pid_;
  int output_;
  std::string unread_;
};

// A folder for this process, with all that is in it, until the object goes.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace allauth::bench
