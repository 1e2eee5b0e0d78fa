#include "crypto/master_key.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/base64.h"
#include "crypto/hash.h"

namespace allauth::crypto {
namespace {

constexpr std::size_t kHexSize = MasterKey::kSize * 2;

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

// Makes the entry of a new file in its folder durable.
bool sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.is_open() && ::fsync(file.fd()) == 0;
}

}  // namespace

struct MasterKey::Impl {
  std::array<std::uint8_t, kSize> bytes{};
  KeyId id{};

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { wipe_memory(bytes.data(), bytes.size()); }
};

Result<MasterKey> MasterKey::parse(const Secret& text) {
  auto impl = std::make_shared<Impl>();
  const bool ok = text.with([&](std::string_view t) {
    if (t.size() == kSize) {
      std::memcpy(impl->bytes.data(), t.data(), kSize);
      return true;
    }
    if (t.size() == kHexSize + 1 && t.ends_with('\n')) t.remove_suffix(1);
    if (t.size() != kHexSize) return false;
    auto raw = codec::hex_decode(t);
    if (!raw) return false;
    std::memcpy(impl->bytes.data(), raw->data(), kSize);
    wipe_memory(raw->data(), raw->size());
    return true;
  });
  if (!ok)
    return fail(Code::invalid, "seal.key.invalid", "A master key is 32 bytes, or 64 hexadecimal digits.");
  const Digest name = hmac_sha256(codec::as_text(impl->bytes), "allauth master key id");
  std::copy_n(name.begin(), impl->id.size(), impl->id.begin());
  return MasterKey(std::move(impl));
}

Result<MasterKey> MasterKey::load(const std::string& path) {
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
  auto text = read_up_to(file.fd(), kHexSize + 2);
  if (!text) return unreadable("read", path);
  return parse(Secret::take(*text));
}

Result<MasterKey> MasterKey::create(const std::string& path, Entropy& entropy) {
  std::array<std::uint8_t, kSize> bytes{};
  entropy.fill(bytes);
  std::array<std::uint8_t, 8> suffix{};
  entropy.fill(suffix);
  std::string text = codec::hex_encode(codec::as_text(bytes)) + '\n';
  wipe_memory(bytes.data(), bytes.size());
  const Secret hex = Secret::take(text);
  TRY(auto key, parse(hex));

  const std::string temporary = fmt::format("{}.{}", path, codec::hex_encode(codec::as_text(suffix)));
  const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return unwritable("open", temporary);
  const Unlinker unlinker(temporary);
  if (!hex.with([&](std::string_view t) { return write_all(file.fd(), t); }))
    return unwritable("write", temporary);
  if (::fsync(file.fd()) != 0) return unwritable("fsync", temporary);
  // link, not rename: it fails when the name is taken, so that no key is ever replaced.
  if (::link(temporary.c_str(), path.c_str()) != 0) {
    if (errno == EEXIST)
      return fail(Code::conflict, "seal.key.exists", "There is a master key file already.", {}, path);
    return unwritable("link", path);
  }
  if (!sync_folder_of(path)) return unwritable("fsync", path);
  return key;
}

const MasterKey::KeyId& MasterKey::id() const { return impl_->id; }
const std::uint8_t* MasterKey::bytes() const { return impl_->bytes.data(); }

}  // namespace allauth::crypto
