#include "crypto/master_key_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/base64.h"

namespace allauth::crypto {
namespace {

// Above every file that holds the most keys.
constexpr std::size_t kMaxFile = 1024;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Takes a file away again when the function that made it is done with it.
class Unlinker {
 public:
  explicit Unlinker(const std::string& path) : path_(path) {}
  Unlinker(const Unlinker&) = delete;
  Unlinker& operator=(const Unlinker&) = delete;
  ~Unlinker() { ::unlink(path_.c_str()); }

 private:
  const std::string& path_;
};

std::string errno_text(const char* call, const std::string& path) {
  return fmt::format("{} {}: {}", call, path, std::strerror(errno));
}

std::unexpected<Error> unwritable(const char* call, const std::string& path) {
  return fail(Code::unavailable, "seal.key.unwritable", "The master key file cannot be written.", {},
              errno_text(call, path));
}

std::unexpected<Error> unreadable(const char* call, const std::string& path) {
  return fail(Code::unavailable, "seal.key.unreadable", "The master key file cannot be read.", {},
              errno_text(call, path));
}

bool write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// At most `size` bytes, fewer at the end of the file.
std::optional<std::string> read_up_to(int fd, std::size_t size) {
  std::string out(size, '\0');
  std::size_t used = 0;
  while (used < size) {
    const ssize_t n = ::read(fd, out.data() + used, size - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  out.resize(used);
  return out;
}

int open_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// Makes the entry of a new file in its folder durable.
bool sync_folder_of(const std::string& path) {
  const File folder(open_folder_of(path));
  return folder.is_open() && ::fsync(folder.fd()) == 0;
}

std::string temporary_name(const std::string& path, Entropy& entropy) {
  std::array<std::uint8_t, 8> suffix{};
  entropy.fill(suffix);
  return fmt::format("{}.{}", path, codec::hex_encode(codec::as_text(suffix)));
}

// Writes the keys to a new file that is on disk then. `like`: whose owner it shall have.
Result<void> write_new(const std::string& path, const MasterKeys& keys, const struct stat* like) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return unwritable("open", path);
  if (like != nullptr && ::fchown(file.fd(), like->st_uid, like->st_gid) != 0)
    return unwritable("chown", path);
  if (!keys.text().with([&](std::string_view text) { return write_all(file.fd(), text); }))
    return unwritable("write", path);
  if (::fsync(file.fd()) != 0) return unwritable("fsync", path);
  return {};
}

}  // namespace

Result<MasterKeys> load_master_keys(const std::string& path) {
  // O_NONBLOCK: a pipe in place of the file must not hang the start.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT)
    return fail(Code::not_found, "seal.key.missing", "There is no master key file.", {}, path);
  if (!file.is_open()) return unreadable("open", path);
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0) return unreadable("fstat", path);
  if (!S_ISREG(info.st_mode))
    return fail(Code::invalid, "seal.key.invalid", "The master key is not a regular file.", {}, path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail(Code::denied, "seal.key.permissions",
                "The master key file may be accessible to its owner only (chmod 600).", {}, path);
  auto text = read_up_to(file.fd(), kMaxFile);
  if (!text) return unreadable("read", path);
  return MasterKeys::parse(Secret::take(*text));
}

Result<MasterKeys> create_master_keys(const std::string& path, Entropy& entropy) {
  MasterKeys keys(MasterKey::generate(entropy));
  const std::string temporary = temporary_name(path, entropy);
  const Unlinker unlinker(temporary);
  TRY(write_new(temporary, keys, nullptr));
  // link, not rename: it fails when the name is taken, so that no key is ever replaced.
  if (::link(temporary.c_str(), path.c_str()) != 0) {
    if (errno == EEXIST)
      return fail(Code::conflict, "seal.key.exists", "There is a master key file already.", {}, path);
    return unwritable("link", path);
  }
  if (!sync_folder_of(path)) return unwritable("fsync", path);
  return keys;
}

Result<MasterKeys> change_master_keys(const std::string& path, Entropy& entropy,
                                      const std::function<Result<MasterKeys>(const MasterKeys&)>& change) {
  // The lock is on the folder: the file itself is another one afterwards.
  const File folder(open_folder_of(path));
  if (!folder.is_open()) return unreadable("open", path);
  if (::flock(folder.fd(), LOCK_EX | LOCK_NB) != 0)
    return fail(Code::conflict, "seal.key.busy", "Another program is changing the master key file.", {},
                path);
  TRY(const auto before, load_master_keys(path));
  TRY(auto after, change(before));
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return unreadable("stat", path);
  const std::string temporary = temporary_name(path, entropy);
  const Unlinker unlinker(temporary);
  TRY(write_new(temporary, after, &info));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return unwritable("rename", path);
  if (!sync_folder_of(path)) return unwritable("fsync", path);
  return after;
}

}  // namespace allauth::crypto
