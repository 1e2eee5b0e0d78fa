#include "store/sql/sqlite.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sql/sqlite_damage.h"
#include "store/sql/sqlite_error.h"
#include "store/sql/sqlite_session.h"

namespace allauth::sql {
namespace {

// "AlAu": says that a file is ours (https://sqlite.org/fileformat2.html §1.3.16 Application ID).
constexpr std::uint32_t kApplicationId = 0x416C4175;
constexpr std::size_t kHeaderSize = 100;
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::string_view kMagic("SQLite format 3\0", 16);

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  Fd& operator=(Fd&&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::unexpected<Error> io_failure(std::string message) {
  return fail(Code::unavailable, "store.io", std::move(message), {}, std::strerror(errno));
}

// The lock is on a file of its own: locks on the database itself are SQLite's.
Result<Fd> lock_file(const std::string& path) {
  const std::string name = path + ".lock";
  Fd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.ok()) return io_failure(fmt::format("The lock file '{}' cannot be opened.", name));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_failure(fmt::format("The file '{}' cannot be locked.", name));
    return fail(
        Code::conflict, "store.in_use",
        fmt::format("The database '{}' is in use by another allauth process; stop that first.", path));
  }
  return fd;
}

Result<void> check_header(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return io_failure(fmt::format("The database '{}' cannot be opened.", path));
  std::array<char, kHeaderSize> header{};
  const auto size = ::pread(fd.get(), header.data(), header.size(), 0);
  if (size < 0) return io_failure(fmt::format("The database '{}' cannot be read.", path));
  if (size == 0)
    return fail(corrupt(fmt::format(
        "The database '{}' is empty; restore it from a backup, or remove it to start anew.", path)));
  if (static_cast<std::size_t>(size) < header.size() || std::string_view(header.data(), 16) != kMagic)
    return fail(corrupt(
        fmt::format("The file '{}' is damaged or is not a database; restore it from a backup.", path)));
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i)
    id = (id << 8) | static_cast<std::uint8_t>(header[kApplicationIdAt + i]);
  if (id != kApplicationId)
    return fail(Code::unsupported, "store.foreign",
                fmt::format("The file '{}' is a database of another program.", path));
  return {};
}

// What was damaged is not answered from: a row that is not found may be one that denies.
Result<void> check_whole(const std::string& path) {
  TRY(check_header(path));
  TRY(check_wal(path));
  TRY(const auto db, open_handle(path, false));
  sqlite3_db_config(db.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                    nullptr);  // what is refused stays as it is
  return check_pages(db.get(), path);
}

void sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.ok()) ::fsync(fd.get());
}

// Made under another name and then renamed, so that a file under its own name is never half-made.
Result<void> create(const std::string& path) {
  struct stat status{};
  if (::stat((path + "-wal").c_str(), &status) == 0 && status.st_size > 0)
    return fail(corrupt(fmt::format(
        "The database '{}' is missing, but its '-wal' file is there; restore both from a backup.", path)));
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  if (!Fd(::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)).ok())
    return io_failure(fmt::format("The database '{}' cannot be created.", path));
  {
    TRY(const auto db, open_handle(fresh, true));
    TRY(execute(db.get(), fmt::format("PRAGMA application_id = {}", kApplicationId)));
    TRY(execute(db.get(), "PRAGMA journal_mode = WAL"));
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return io_failure(fmt::format("The database '{}' cannot be created.", path));
  sync_folder_of(path);
  return {};
}

Result<void> harden(sqlite3* db) {
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  for (const int option : {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
                           SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, SQLITE_DBCONFIG_ENABLE_TRIGGER})
    sqlite3_db_config(db, option, 0, nullptr);
  return execute(db,
                 "PRAGMA journal_mode = WAL;"
                 "PRAGMA synchronous = FULL;"
                 "PRAGMA foreign_keys = ON;"
                 "PRAGMA trusted_schema = OFF;"
                 "PRAGMA cell_size_check = ON;"
                 "PRAGMA temp_store = MEMORY;"
                 "PRAGMA cache_size = -16384;"
                 "PRAGMA journal_size_limit = 67108864");
}

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(SqliteOptions options, Fd lock) : options_(std::move(options)), lock_(std::move(lock)) {}

  Result<std::unique_ptr<Session>> connect(Access access) override {
    if (options_.only_reads && access == Access::read_write)
      return fail(Code::bug, "store.sql", "The database was opened for reading only.");
    TRY(auto db, open_handle(options_.path, false));
    sqlite3_busy_timeout(db.get(), static_cast<int>(options_.lock_timeout.count()));
    TRY(harden(db.get()));
    if (access == Access::read_only) TRY(execute(db.get(), "PRAGMA query_only = ON"));
    return std::make_unique<SqliteSession>(std::move(db));
  }
  bool shared() const override { return false; }
  std::unique_ptr<Listening> listen(Hints) override { return nullptr; }

 private:
  SqliteOptions options_;
  Fd lock_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options) {
  struct stat status{};
  if (options.only_reads) {
    if (::stat(options.path.c_str(), &status) != 0)
      return fail(Code::not_found, "store.missing", fmt::format("There is no database '{}'.", options.path));
    TRY(check_header(options.path));
    return std::make_unique<SqliteDatabase>(std::move(options), Fd(-1));
  }
  TRY(auto lock, lock_file(options.path));
  if (::stat(options.path.c_str(), &status) == 0) {
    TRY(check_whole(options.path));
  } else if (errno == ENOENT) {
    TRY(create(options.path));
  } else {
    return io_failure(fmt::format("The database '{}' cannot be opened.", options.path));
  }
  return std::make_unique<SqliteDatabase>(std::move(options), std::move(lock));
}

}  // namespace allauth::sql
