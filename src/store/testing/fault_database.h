// An engine that fails when it is told to, around any other: for tests of what happens then.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/sql/session.h"

namespace allauth::store::testing {

// Where a fault strikes. after_commit: the commit is on disk, but it is answered as failed.
enum class FaultPoint { run, begin_read, begin, commit, after_commit, savepoint, release, rollback_to };

// The faults that are planned. Shared by test and sessions; thread-safe.
class Faults {
 public:
  // Fails once, at the `nth` passage (1 = the next); of runs, those of this statement only.
  void plan(FaultPoint point, int nth, Error error, std::string statement = {}) {
    std::lock_guard lock(mutex_);
    planned_.push_back({point, nth, std::move(error), std::move(statement)});
  }

  // The database cannot be reached from now on, or again.
  void cut() { cut_.store(true); }
  void mend() { cut_.store(false); }

  // What was planned and has not struck does not.
  void forget() {
    std::lock_guard lock(mutex_);
    planned_.clear();
  }

  Result<void> pass(FaultPoint point, std::string_view statement = {}) {
    if (cut_.load()) return fail(Code::unavailable, "store.unreachable", "The database cannot be reached.");
    std::lock_guard lock(mutex_);
    for (auto fault = planned_.begin(); fault != planned_.end(); ++fault) {
      if (fault->point != point || (!fault->statement.empty() && fault->statement != statement)) continue;
      if (--fault->nth > 0) continue;
      Error error = std::move(fault->error);
      planned_.erase(fault);
      return fail(std::move(error));
    }
    return {};
  }

 private:
  struct Planned {
    FaultPoint point;
    int nth;
    Error error;
    std::string statement;
  };
  std::mutex mutex_;
  std::vector<Planned> planned_;
  std::atomic<bool> cut_ = false;
};

class FaultSession final : public sql::Session {
 public:
  FaultSession(std::unique_ptr<sql::Session> inner, Faults& faults)
      : inner_(std::move(inner)), faults_(faults) {}

  Result<sql::RunResult> run(const sql::Statement& statement, std::span<const sql::Value> binds,
                             const sql::RowSink& sink) override {
    TRY(faults_.pass(FaultPoint::run, statement.name()));
    return inner_->run(statement, binds, sink);
  }
  Result<void> run_each(const sql::Statement& statement,
                        std::span<const std::vector<sql::Value>> rows) override {
    for (std::size_t i = 0; i < rows.size(); ++i) TRY(faults_.pass(FaultPoint::run, statement.name()));
    return inner_->run_each(statement, rows);
  }
  Result<void> run_script(std::string_view text) override { return inner_->run_script(text); }
  Result<std::vector<std::string>> table_scans(const sql::Statement& statement) override {
    return inner_->table_scans(statement);
  }
  Result<void> begin_read() override {
    TRY(faults_.pass(FaultPoint::begin_read));
    return inner_->begin_read();
  }
  Result<void> begin_write() override {
    TRY(faults_.pass(FaultPoint::begin));
    return inner_->begin_write();
  }
  Result<void> begin_schema_change() override { return inner_->begin_schema_change(); }
  Result<bool> has_table(std::string_view name) override { return inner_->has_table(name); }
  Result<void> commit() override {
    if (auto fault = faults_.pass(FaultPoint::commit); !fault) {
      inner_->rollback();
      return fault;
    }
    TRY(inner_->commit());
    return faults_.pass(FaultPoint::after_commit);
  }
  void rollback() override { inner_->rollback(); }
  void announce(std::uint64_t revision) override { inner_->announce(revision); }
  Result<void> savepoint() override {
    TRY(faults_.pass(FaultPoint::savepoint));
    return inner_->savepoint();
  }
  Result<void> release() override {
    TRY(faults_.pass(FaultPoint::release));
    return inner_->release();
  }
  Result<void> rollback_to_savepoint() override {
    TRY(faults_.pass(FaultPoint::rollback_to));
    return inner_->rollback_to_savepoint();
  }

 private:
  std::unique_ptr<sql::Session> inner_;
  Faults& faults_;
};

// Only sessions that write have faults.
class FaultDatabase final : public sql::Database {
 public:
  FaultDatabase(std::unique_ptr<sql::Database> inner, Faults& faults)
      : inner_(std::move(inner)), faults_(faults) {}
  Result<std::unique_ptr<sql::Session>> connect(Access access) override {
    TRY(auto session, inner_->connect(access));
    if (access == Access::read_only) return session;
    return std::make_unique<FaultSession>(std::move(session), faults_);
  }
  bool shared() const override { return inner_->shared(); }
  std::unique_ptr<sql::Listening> listen(sql::Hints hints) override {
    return inner_->listen(std::move(hints));
  }

 private:
  std::unique_ptr<sql::Database> inner_;
  Faults& faults_;
};

}  // namespace allauth::store::testing
