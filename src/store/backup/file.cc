#include "store/backup/file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/base64.h"

namespace allauth::store::backup {
namespace {

constexpr std::size_t kBuffer = 1 << 20;

std::unexpected<Error> unwritable(const std::string& path) {
  return fail(Code::unavailable, "backup.unwritable", fmt::format("{} cannot be written.", path), {},
              std::strerror(errno));
}

std::unexpected<Error> unreadable(const std::string& path) {
  return fail(Code::unavailable, "backup.unreadable", fmt::format("{} cannot be read.", path), {},
              std::strerror(errno));
}

bool exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

bool sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::fsync(fd) == 0;
  ::close(fd);
  return done;
}

}  // namespace

NewFile::NewFile(std::string path, std::string temporary, int fd)
    : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {
  buffer_.reserve(kBuffer);
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      fd_(std::exchange(other.fd_, -1)),
      buffer_(std::move(other.buffer_)) {}

NewFile::~NewFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<NewFile> NewFile::create(std::string path, Entropy& entropy) {
  if (exists(path))
    return fail(Code::conflict, "backup.exists",
                fmt::format("There is a file {} already; give another name.", path));
  std::array<std::uint8_t, 4> suffix{};
  entropy.fill(suffix);
  std::string temporary = fmt::format("{}.{}.part", path, codec::hex_encode(codec::as_text(suffix)));
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return unwritable(temporary);
  return NewFile(std::move(path), std::move(temporary), fd);
}

Result<void> NewFile::write(std::string_view bytes) {
  buffer_ += bytes;
  return buffer_.size() < kBuffer ? Result<void>() : flush();
}

Result<void> NewFile::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t n = ::write(fd_, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unwritable(temporary_);
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
  return {};
}

Result<void> NewFile::publish() {
  TRY(flush());
  if (::fsync(fd_) != 0) return unwritable(temporary_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return unwritable(path_);
  ::close(std::exchange(fd_, -1));
  if (!sync_folder_of(path_)) return unwritable(path_);
  return {};
}

OldFile::OldFile(std::string path, int fd, std::uint64_t size)
    : path_(std::move(path)), fd_(fd), size_(size) {}

OldFile::OldFile(OldFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

OldFile::~OldFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<OldFile> OldFile::open(const std::string& path) {
  // O_NONBLOCK: a pipe must not hang here; a restore reads its file twice.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT)
    return fail(Code::not_found, "backup.missing", fmt::format("There is no file {}.", path));
  if (fd < 0) return unreadable(path);
  OldFile file(path, fd, 0);
  struct stat info{};
  if (::fstat(fd, &info) != 0) return unreadable(path);
  if (!S_ISREG(info.st_mode))
    return fail(Code::invalid, "backup.unreadable", fmt::format("{} is not a regular file.", path));
  file.size_ = static_cast<std::uint64_t>(info.st_size);
  return file;
}

ByteSource OldFile::from_beginning() {
  ::lseek(fd_, 0, SEEK_SET);
  return [this](std::span<char> into) { return read(into); };
}

Result<std::size_t> OldFile::read(std::span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::read(fd_, into.data() + done, into.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path_);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

}  // namespace allauth::store::backup
