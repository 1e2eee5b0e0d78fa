#include "bench/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"

namespace allauth::bench {
namespace {

std::unexpected<Error> failed(std::string_view what) {
  return fail(Code::unavailable, "child.failed", fmt::format("{}: {}.", what, std::strerror(errno)));
}

// In the child: nothing outlives the parent.
void settle(int core) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  bind_to(core);
}

[[noreturn]] void become(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  fmt::print(stderr, "{} cannot be run: {}\n", command[0], std::strerror(errno));
  ::_exit(127);
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& command, int core) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return failed("pipe");
  const pid_t pid = ::fork();
  if (pid < 0) return failed("fork");
  if (pid == 0) {
    settle(core);
    ::dup2(pipe[1], STDOUT_FILENO);
    become(command);
  }
  ::close(pipe[1]);
  return Child(pid, pipe[0]);
}

Result<Child> Child::fork(const std::function<void()>& work, int core) {
  const pid_t pid = ::fork();
  if (pid < 0) return failed("fork");
  if (pid == 0) {
    settle(core);
    work();
    ::_exit(0);
  }
  return Child(pid, -1);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      unread_(std::move(other.unread_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(output_, other.output_);
  std::swap(unread_, other.unread_);
  return *this;
}

Result<std::string> Child::read_line(Millis wait) {
  for (;;) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0)
      return fail(Code::unavailable, "child.silent", "A process said nothing in time.");
    std::array<char, 4096> bytes{};
    const auto size = ::read(output_, bytes.data(), bytes.size());
    if (size <= 0) return fail(Code::unavailable, "child.ended", "A process ended too early.");
    unread_.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

bool Child::ended(Millis within) {
  for (int waited = 0; waited <= within.count(); ++waited) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return true;
    ::usleep(1000);
  }
  return false;
}

Result<void> Child::wait() {
  int status = 0;
  if (::waitpid(std::exchange(pid_, -1), &status, 0) < 0) return failed("waitpid");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Code::unavailable, "child.failed", "A process ended with an error.");
}

void Child::stop() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    if (!ended(Millis(5000))) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }
  if (output_ >= 0) ::close(std::exchange(output_, -1));
}

TempDir::TempDir() : path_((std::filesystem::temp_directory_path() / "allauth-bench-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) path_.clear();
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace allauth::bench
