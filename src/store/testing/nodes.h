// For tests: several nodes on one database, each with a store of its own, and what each has followed.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/image.h"
#include "store/testing/contract.h"

namespace allauth::store::testing {

// One database in the hands of several stores, which therefore have to share it.
class SharedDatabase final : public sql::Database {
 public:
  explicit SharedDatabase(std::shared_ptr<sql::Database> inner, bool tells = false)
      : inner_(std::move(inner)), tells_(tells) {}
  Result<std::unique_ptr<sql::Session>> connect(Access access) override { return inner_->connect(access); }
  bool shared() const override { return true; }
  std::unique_ptr<sql::Listening> listen(sql::Hints hints) override {
    return tells_ ? inner_->listen(std::move(hints)) : nullptr;
  }

 private:
  std::shared_ptr<sql::Database> inner_;
  const bool tells_;
};

// The users as a follower knows them: from the state first, then from images. Thread-safe.
class Replica {
 public:
  using Rows = std::map<std::string, std::string>;  // by key, as images

  LogFollower follower() {
    return {.load = [this](Read& read) { return load(read); },
            .applied = [this](const AppliedBatch& batch) { apply(batch); },
            .contact = [this] { touch(); }};
  }

  // The next loads fail.
  void refuse_loads(bool refuse) {
    std::lock_guard lock(mutex_);
    refuse_loads_ = refuse;
  }
  // Waits until `enough` holds, which looks at this replica; false if that takes too long.
  bool wait(const std::function<bool(const Replica&)>& enough) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, Seconds(30), [&] { return enough(*this); });
  }
  bool wait_for(Revision wanted) const {
    return wait([=](const Replica& replica) { return replica.revision >= wanted; });
  }
  // A copy, while it may be changing.
  Rows rows_now() const {
    std::lock_guard lock(mutex_);
    return rows;
  }

  // For `wait`, and once nothing is written any more.
  Revision revision{};
  Rows rows;
  std::map<Revision, std::size_t> history;  // a digest of the rows at each revision that was applied
  std::vector<LogEntry> entries;            // since the last load
  int loads = 0, refused_loads = 0, contacts = 0;
  std::vector<std::string> gaps;  // what should not be

  static Result<Rows> read_rows(Read& read) {
    Rows rows;
    TRY(for_each<User>(read, [&](const User& user) -> Result<void> {
      rows[user.id.str()] = encode_image(user);
      return {};
    }));
    return rows;
  }
  static std::size_t digest(const Rows& rows) {
    std::string all;
    for (const auto& [key, bytes] : rows) all += fmt::format("{}:{}:{};", key, bytes.size(), bytes);
    return std::hash<std::string>()(all);
  }

 private:
  Result<void> load(Read& read) {
    auto loaded = read_rows(read);
    std::lock_guard lock(mutex_);
    if (refuse_loads_) {
      ++refused_loads;
      changed_.notify_all();
      return fail(Code::unavailable, "test.load", "Not now.");
    }
    if (!loaded) return fail(std::move(loaded).error());
    rows = *std::move(loaded);
    revision = read.revision();
    history[revision] = digest(rows);
    entries.clear();
    ++loads;
    changed_.notify_all();
    return {};
  }
  void apply(const AppliedBatch& batch) {
    std::lock_guard lock(mutex_);
    for (const auto& entry : batch.entries) {
      if (to_number(entry.revision) != to_number(revision) + 1)
        gaps.push_back(fmt::format("{} after {}", to_number(entry.revision), to_number(revision)));
      revision = entry.revision;
      for (const auto& image : entry.images) {
        rows[image.key] = image.bytes;
        if (image.bytes.empty()) rows.erase(image.key);
      }
      history[revision] = digest(rows);
      entries.push_back(entry);
    }
    changed_.notify_all();
  }
  void touch() {
    std::lock_guard lock(mutex_);
    ++contacts;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool refuse_loads_ = false;
};

// One node. Its store is closed before the replica goes.
struct Node {
  Metrics metrics;
  Faults faults;
  Replica replica;
  std::unique_ptr<Store> store;

  Result<Committed<Done>> write(std::function<Result<void>(Tx&)> body, const std::string& target = {}) {
    return store->write<Done>({.recheck = {}, .run = [=](Tx& tx) -> Result<Done> {
                                 tx.act({.slug = "test.done", .target_kind = "user", .target_id = target});
                                 TRY(body(tx));
                                 return Done{};
                               }});
  }
  Result<Committed<Done>> put(const std::string& id) {
    return write(
        [id](Tx& tx) {
          auto user = make_user(id);
          return insert(tx, user);
        },
        id);
  }
};

class NodesTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    SKIP_IF_MISSING(GetParam());
    auto database = GetParam().open(folder_.path());
    ASSERT_TRUE(database) << database.error().message;
    database_ = std::move(*database);
  }
  void TearDown() override { nodes_.clear(); }

  virtual StoreOptions options(Node& node) {
    return {.clock = clock_,
            .entropy = entropy_,
            .log = log_,
            .metrics = node.metrics,
            .poll_interval = Millis(5)};
  }
  Node& start(std::optional<Millis> poll_interval = {}) {
    return start_with([&](StoreOptions& options) {
      if (poll_interval) options.poll_interval = *poll_interval;
    });
  }
  Node& start_with(const std::function<void(StoreOptions&)>& change) {
    auto& node = *nodes_.emplace_back(std::make_unique<Node>());
    auto with = options(node);
    change(with);
    auto shared = std::make_unique<SharedDatabase>(database_, told_);
    auto store =
        Store::open(std::move(with), std::make_unique<FaultDatabase>(std::move(shared), node.faults));
    EXPECT_TRUE(store) << store.error().message << " " << store.error().detail;
    node.store = std::move(*store);
    EXPECT_TRUE(node.store->follow(node.replica.follower()));
    return node;
  }
  // Runs statements on the database behind everyone's back.
  void tamper(const std::vector<std::string>& statements) {
    auto session = database_->connect(sql::Database::Access::read_write);
    ASSERT_TRUE(session);
    for (const auto& statement : statements) {
      const auto done = (*session)->run_script(statement);
      ASSERT_TRUE(done) << statement << ": " << done.error().detail;
    }
  }

  bool told_ = false;  // whether nodes hear of each other by the engine, too
  TempFolder folder_;
  SystemClock clock_;
  SystemEntropy entropy_;
  Log log_{clock_, LogLevel::error, LogFormat::human, -1};
  std::shared_ptr<sql::Database> database_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace allauth::store::testing
