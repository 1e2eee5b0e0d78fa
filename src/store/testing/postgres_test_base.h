// What the tests of PostgreSQL's own ways share.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "store/sql/open.h"
#include "store/testing/contract.h"
#include "store/testing/postgres_cluster.h"

namespace allauth::store::testing {

// Collects what is logged.
class LoggedText {
 public:
  LoggedText() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0); }
  LoggedText(const LoggedText&) = delete;
  LoggedText& operator=(const LoggedText&) = delete;
  ~LoggedText() {
    for (const int end : ends_) ::close(end);
  }
  int fd() const { return ends_[1]; }
  const std::string& read() {
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(ends_[0], buffer.data(), buffer.size())) > 0;)
      text_.append(buffer.data(), static_cast<std::size_t>(size));
    return text_;
  }

 private:
  std::array<int, 2> ends_{};
  std::string text_;
};

class PostgresTest : public ::testing::Test {
 protected:
  using Access = sql::Database::Access;

  void SetUp() override {
    if (const auto missing = PostgresCluster::missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  static PostgresCluster& cluster() { return PostgresCluster::shared(); }

  Result<std::unique_ptr<sql::Database>> try_open(const std::string& url,
                                                  const sql::DatabaseOptions& options = {}) {
    return sql::open_database(url, clock_, log_, options);
  }
  // A session on a database that lives as long as the test.
  std::unique_ptr<sql::Session> connect(const std::string& url, const sql::DatabaseOptions& options = {},
                                        Access access = Access::read_write) {
    auto opened = try_open(url, options);
    EXPECT_TRUE(opened) << opened.error().message << " " << opened.error().detail;
    if (!opened) return nullptr;
    auto session = databases_.emplace_back(*std::move(opened))->connect(access);
    EXPECT_TRUE(session);
    return session ? *std::move(session) : nullptr;
  }
  StoreOptions store_options(const std::string& url, const sql::DatabaseOptions& options = {}) {
    return {.clock = clock_,
            .entropy = entropy_,
            .log = log_,
            .metrics = metrics_,
            .location = url,
            .database = options,
            .poll_interval = Millis(20)};
  }
  static Write<Done> put(const std::string& id) {
    return {.recheck = {}, .run = [id](Tx& tx) -> Result<Done> {
              tx.act({.slug = "test.done", .target_id = id});
              auto user = make_user(id);
              TRY(insert(tx, user));
              return Done{};
            }};
  }
  // Waits until it holds.
  static bool eventually(const std::function<bool()>& condition, Seconds within = Seconds(20)) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(Millis(5));
    }
    return true;
  }

  SystemClock clock_;
  SystemEntropy entropy_;
  LoggedText logged_;
  Log log_{clock_, LogLevel::info, LogFormat::human, logged_.fd()};
  Metrics metrics_;
  std::vector<std::unique_ptr<sql::Database>> databases_;
};

}  // namespace allauth::store::testing
