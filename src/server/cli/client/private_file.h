// Files that hold secrets of one person: readable by their owner only, replaced as a whole, locked while they
// change.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace allauth::server::cli {

// Nothing in it if there is no such file. Errors: profile.unsafe if it is another's, no plain file, or others
// can read it; profile.unreadable; at most 64 KiB.
Result<std::string> read_private_file(const std::string& path);

// Written beside it first and then renamed over it, mode 0600; the folder is made with mode 0700. Error:
// profile.unwritable.
Result<void> write_private_file(const std::string& path, std::string_view content);

// No error if there is no such file. Error: profile.unwritable.
Result<void> remove_private_file(const std::string& path);

// Held by one process at a time until destroyed.
class FileLock {
 public:
  // Waits for at most `longest`. Errors: profile.unwritable; profile.locked.
  static Result<std::unique_ptr<FileLock>> take(const std::string& path, Millis longest);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace allauth::server::cli
