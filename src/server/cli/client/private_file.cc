#include "server/cli/client/private_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace allauth::server::cli {
namespace {

constexpr std::size_t kMostBytes = 64 << 10;

std::unexpected<Error> unwritable(const std::string& path) {
  return fail(Code::unavailable, "profile.unwritable",
              fmt::format("{} cannot be written: {}.", path, std::strerror(errno)));
}

std::unexpected<Error> unsafe(const std::string& path, std::string_view why) {
  return fail(Code::denied, "profile.unsafe", fmt::format("{} is not used: {}.", path, why));
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Result<void> make_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  for (auto missing = folder; !missing.empty() && !std::filesystem::exists(missing, error);
       missing = missing.parent_path())
    if (!std::filesystem::exists(missing.parent_path(), error)) TRY(make_folder_of(missing.string()));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return unwritable(folder.string());
  return {};
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

Result<std::string> read_private_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::string();
  if (!file)
    return fail(Code::unavailable, "profile.unreadable",
                fmt::format("{} cannot be read: {}.", path, std::strerror(errno)));
  struct stat about{};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return unsafe(path, "it is no plain file");
  if (about.st_uid != ::geteuid()) return unsafe(path, "it belongs to somebody else");
  if ((about.st_mode & 077) != 0)
    return unsafe(path, fmt::format("others can read it; run `chmod 600 {}`", path));
  std::string content;
  std::array<char, 4096> piece{};
  for (ssize_t read = 1; read > 0 && content.size() <= kMostBytes;) {
    read = ::read(file.get(), piece.data(), piece.size());
    if (read > 0) content.append(piece.data(), static_cast<std::size_t>(read));
  }
  if (content.size() > kMostBytes) return unsafe(path, "it is larger than any that was written here");
  return content;
}

Result<void> write_private_file(const std::string& path, std::string_view content) {
  TRY(make_folder_of(path));
  const std::string beside = fmt::format("{}.{}.new", path, ::getpid());
  ::unlink(beside.c_str());
  const Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file && write_all(file.get(), content) && ::rename(beside.c_str(), path.c_str()) == 0) return {};
  auto failed = unwritable(path);
  ::unlink(beside.c_str());
  return failed;
}

Result<void> remove_private_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return unwritable(path);
}

Result<std::unique_ptr<FileLock>> FileLock::take(const std::string& path, Millis longest) {
  constexpr Millis kEvery{20};
  TRY(make_folder_of(path));
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return unwritable(path);
  std::unique_ptr<FileLock> lock(new FileLock(fd));
  for (Millis waited{0}; ::flock(fd, LOCK_EX | LOCK_NB) != 0; waited += kEvery) {
    if (waited >= longest)
      return fail(Code::unavailable, "profile.locked",
                  fmt::format("{} is held by another command for long.", path));
    std::this_thread::sleep_for(kEvery);
  }
  return lock;
}

FileLock::~FileLock() { ::close(fd_); }

}  // namespace allauth::server::cli
