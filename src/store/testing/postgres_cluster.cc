#include "store/testing/postgres_cluster.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sql/postgres.h"

namespace allauth::store::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRoot = "/usr/lib/postgresql";
constexpr const char* kUnprivileged = "postgres";  // the server refuses to run as root
constexpr int kStartTries = 3;
constexpr Seconds kStartWithin{60};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "the PostgreSQL server of the tests: {}\n", why);
  std::abort();
}

// The newest that is installed; empty if there is none.
std::string programs() {
  std::error_code none;
  int newest = 0;
  for (const auto& entry : fs::directory_iterator(kRoot, none))
    if (fs::exists(entry.path() / "bin/initdb"))
      newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
  return newest == 0 ? std::string() : fmt::format("{}/{}/bin/", kRoot, newest);
}

const passwd* unprivileged() { return ::getuid() == 0 ? ::getpwnam(kUnprivileged) : nullptr; }

// In the child, before exec: another user where we are root, and no life after the program's.
void become_servant(const passwd* user, pid_t parent) {
  if (user != nullptr &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after setuid(), which clears it
  if (::getppid() != parent) ::_exit(126);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

pid_t spawn(const std::vector<std::string>& words, const std::string& log) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = unprivileged();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  become_servant(user, parent);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  if (const passwd* user = unprivileged();
      user != nullptr && ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
    give_up("chown " + path);
}

bool is_free(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
}

// Below those that the system gives to outgoing connections: one that dials a server which is down would
// connect to itself.
int free_port() {
  constexpr int kFirst = 15'000, kCount = 17'000, kStep = 7'919;
  for (int i = 0, port = ::getpid() % kCount; i < kCount; ++i, port = (port + kStep) % kCount)
    if (is_free(kFirst + port)) return kFirst + port;
  give_up("no free port");
}

std::unique_ptr<sql::Session> connect(const std::string& url) {
  static SystemClock clock;
  static Log log(clock, LogLevel::error, LogFormat::human, -1);
  auto database = sql::open_postgres(url, clock, log, {});
  if (!database) return nullptr;
  static std::vector<std::unique_ptr<sql::Database>> kept;  // they outlive their sessions
  kept.push_back(*std::move(database));
  auto session = kept.back()->connect(sql::Database::Access::read_write);
  return session ? *std::move(session) : nullptr;
}

constexpr const char* kAccess =
    "local all all trust\n"
    "host all guarded 127.0.0.1/32 scram-sha-256\n"
    "hostssl all sealed 127.0.0.1/32 trust\n"
    "host all sealed 127.0.0.1/32 reject\n"
    "host all all 127.0.0.1/32 trust\n";

}  // namespace

std::string PostgresCluster::missing() {
  if (programs().empty()) return "PostgreSQL is not installed here (script/deps test does that)";
  if (::getuid() == 0 && unprivileged() == nullptr)
    return "PostgreSQL does not run as root, and there is no user 'postgres' here";
  return {};
}

PostgresCluster& PostgresCluster::shared() {
  static PostgresCluster cluster;
  return cluster;
}

PostgresCluster::PostgresCluster(Durable durable) : durable_(durable) {
  std::string name = (fs::temp_directory_path() / "allauth-pg-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  if (const passwd* user = unprivileged();
      user != nullptr && ::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
    give_up("chown " + folder_);
  const pid_t made = spawn({programs() + "initdb", "-D", folder_ + "/data", "-U", "allauth", "-A", "trust",
                            "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"},
                           folder_ + "/log");
  if (wait_for(made) != 0) give_up(content(folder_ + "/log"));
  put(folder_ + "/data/pg_hba.conf", kAccess);
  port_ = free_port();
  start();
}

PostgresCluster::~PostgresCluster() {
  end(SIGQUIT);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void PostgresCluster::start() {
  for (int i = 0; i < kStartTries; ++i)
    if (try_start()) return;
  give_up(content(folder_ + "/log"));
}

bool PostgresCluster::try_start() {
  const std::string synced = durable_ == Durable::yes ? "on" : "off";
  server_ = spawn({programs() + "postgres", "-D", folder_ + "/data", "-k", folder_, "-p",
                   std::to_string(port_), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=" + synced, "-c",
                   "full_page_writes=" + synced, "-c", "max_connections=200", "-c", "shared_buffers=32MB"},
                  folder_ + "/log");
  const auto until = std::chrono::steady_clock::now() + kStartWithin;
  while (std::chrono::steady_clock::now() < until) {
    if (connect(url())) return true;
    if (::waitpid(server_, nullptr, WNOHANG) == server_) {  // such as after SIGKILL: its children still end
      server_ = -1;
      std::this_thread::sleep_for(Millis(200));
      return false;
    }
    std::this_thread::sleep_for(Millis(10));
  }
  end(SIGQUIT);
  return false;
}

void PostgresCluster::stop() { end(SIGINT); }
void PostgresCluster::kill() { end(SIGKILL); }

void PostgresCluster::end(int signal) {
  if (server_ < 0) return;
  ::kill(server_, signal);
  wait_for(server_);
  server_ = -1;
}

std::string PostgresCluster::url(const std::string& database, const std::string& more) const {
  return fmt::format("postgresql://allauth@/{}?host={}&port={}{}", database, folder_, port_, more);
}

std::string PostgresCluster::tcp_url(const std::string& login, const std::string& database,
                                     const std::string& more) const {
  return fmt::format("postgresql://{}@127.0.0.1:{}/{}?{}", login, port_, database, more);
}

std::string PostgresCluster::fresh_schema() {
  const std::string name = fmt::format("s{}", ++schemas_);
  run("CREATE SCHEMA " + name);
  return url("postgres", "&options=-csearch_path%3D" + name);
}

void PostgresCluster::run(const std::string& statement, const std::string& database) const {
  const auto session = connect(url(database));
  if (!session) give_up("cannot be reached");
  if (const auto done = session->run_script(statement); !done)
    give_up(statement + ": " + done.error().detail);
}

std::string PostgresCluster::offer_tls() {
  const std::string data = folder_ + "/data/";
  const std::string certificate = data + "server.crt";
  if (fs::exists(certificate)) return certificate;
  const pid_t made =
      spawn({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", data + "server.key", "-out", certificate},
            folder_ + "/log");
  if (wait_for(made) != 0) give_up(content(folder_ + "/log"));
  fs::permissions(data + "server.key", fs::perms::owner_read);
  run("ALTER SYSTEM SET ssl = on");
  stop();
  start();
  return certificate;
}

}  // namespace allauth::store::testing
