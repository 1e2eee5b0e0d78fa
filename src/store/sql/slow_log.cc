#include "store/sql/slow_log.h"

#include <utility>

namespace allauth::sql {
namespace {

struct Watch {
  Clock& clock;
  Log& log;
  Millis slow;

  template <class Fn>
  auto time(std::string_view statement, Fn&& fn) const {
    const Tick since = clock.tick();
    auto result = std::forward<Fn>(fn)();
    const auto took = clock.tick() - since;
    if (took >= slow)
      log.warn("slow statement",
               {{"statement", statement},
                {"duration_ms", std::chrono::duration_cast<Millis>(took).count()},
                {"reason", result ? std::string_view("ok") : result.error().reason.slug()}});
    return result;
  }
};

class SlowLogSession final : public Session {
 public:
  SlowLogSession(std::unique_ptr<Session> inner, const Watch& watch)
      : inner_(std::move(inner)), watch_(watch) {}

  Result<RunResult> run(const Statement& statement, std::span<const Value> binds,
                        const RowSink& sink) override {
    return watch_.time(statement.name(), [&] { return inner_->run(statement, binds, sink); });
  }
  Result<void> run_each(const Statement& statement, std::span<const std::vector<Value>> rows) override {
    return watch_.time(statement.name(), [&] { return inner_->run_each(statement, rows); });
  }
  Result<void> run_script(std::string_view text) override { return inner_->run_script(text); }
  Result<std::vector<std::string>> table_scans(const Statement& statement) override {
    return inner_->table_scans(statement);
  }
  Result<void> begin_read() override {
    return watch_.time("begin_read", [&] { return inner_->begin_read(); });
  }
  Result<void> begin_write() override {
    return watch_.time("begin_write", [&] { return inner_->begin_write(); });
  }
  Result<void> commit() override {
    return watch_.time("commit", [&] { return inner_->commit(); });
  }
  void rollback() override { inner_->rollback(); }
  void announce(std::uint64_t revision) override { inner_->announce(revision); }
  Result<void> begin_schema_change() override { return inner_->begin_schema_change(); }
  Result<bool> has_table(std::string_view name) override { return inner_->has_table(name); }
  Result<void> savepoint() override { return inner_->savepoint(); }
  Result<void> release() override { return inner_->release(); }
  Result<void> rollback_to_savepoint() override { return inner_->rollback_to_savepoint(); }

 private:
  std::unique_ptr<Session> inner_;
  const Watch watch_;
};

class SlowLogDatabase final : public Database {
 public:
  SlowLogDatabase(std::unique_ptr<Database> inner, const Watch& watch)
      : inner_(std::move(inner)), watch_(watch) {}

  Result<std::unique_ptr<Session>> connect(Access access) override {
    TRY(auto session, inner_->connect(access));
    return std::make_unique<SlowLogSession>(std::move(session), watch_);
  }
  bool shared() const override { return inner_->shared(); }
  std::unique_ptr<Listening> listen(Hints hints) override { return inner_->listen(std::move(hints)); }

 private:
  std::unique_ptr<Database> inner_;
  const Watch watch_;
};

}  // namespace

std::unique_ptr<Database> with_slow_log(std::unique_ptr<Database> database, Clock& clock, Log& log,
                                        Millis slow) {
  return std::make_unique<SlowLogDatabase>(std::move(database), Watch{clock, log, slow});
}

}  // namespace allauth::sql
