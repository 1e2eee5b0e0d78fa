// The files of backups: made complete or not at all, for their owner only.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "store/backup/frames.h"

namespace allauth::store::backup {

// A file under another name until publish() has put it on disk and under its own. Errors: conflict
// backup.exists (never replaces a file), unavailable backup.unwritable.
class NewFile {
 public:
  static Result<NewFile> create(std::string path, Entropy&);
  NewFile(NewFile&&) noexcept;
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();  // takes an unpublished file away

  Result<void> write(std::string_view bytes);
  Result<void> publish();

 private:
  NewFile(std::string path, std::string temporary, int fd);
  Result<void> flush();

  std::string path_, temporary_;
  int fd_;
  std::string buffer_;
};

// A file that is read from its beginning, any number of times. Errors: not_found backup.missing;
// unavailable backup.unreadable.
class OldFile {
 public:
  static Result<OldFile> open(const std::string& path);
  OldFile(OldFile&&) noexcept;
  OldFile(const OldFile&) = delete;
  OldFile& operator=(const OldFile&) = delete;
  OldFile& operator=(OldFile&&) = delete;
  ~OldFile();

  std::uint64_t size() const { return size_; }
  // Borrows this; the next one begins anew.
  ByteSource from_beginning();

 private:
  OldFile(std::string path, int fd, std::uint64_t size);
  Result<std::size_t> read(std::span<char> into);

  std::string path_;
  int fd_;
  std::uint64_t size_;
};

}  // namespace allauth::store::backup
