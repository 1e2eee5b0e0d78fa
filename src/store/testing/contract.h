// What the contract tests share: a store over each engine, in a fresh folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "store/rows.h"
#include "store/sql/test_engines.h"
#include "store/store.h"
#include "store/testing/fault_database.h"
#include "store/testing/samples.h"

namespace allauth::store::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "allauth-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A store over an engine, with everything it needs. Reopens.
class StoreTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    SKIP_IF_MISSING(GetParam());
    open();
  }
  void TearDown() override { store_.reset(); }

  StoreOptions options() { return {.clock = clock_, .entropy = entropy_, .log = log_, .metrics = metrics_}; }
  void open() { open(options()); }
  void open(StoreOptions options) {
    store_.reset();
    auto database = GetParam().open(folder_.path());
    ASSERT_TRUE(database) << database.error().message;
    auto store =
        Store::open(std::move(options), std::make_unique<FaultDatabase>(std::move(*database), faults_));
    ASSERT_TRUE(store) << store.error().message << " " << store.error().detail;
    store_ = std::move(*store);
    ASSERT_TRUE(
        store_->follow({.applied = [this](const AppliedBatch& batch) { applied_.push_back(batch); }}));
  }

  using Body = std::function<Result<void>(Tx&)>;
  static Write<Done> to_write(Body body, std::string slug = "test.done") {
    return {.recheck = {}, .run = [body = std::move(body), slug](Tx& tx) -> Result<Done> {
              tx.act({.slug = slug, .actor_kind = "user", .actor_id = "tester"});
              TRY(body(tx));
              return Done{};
            }};
  }
  Result<Committed<Done>> write(Body body) { return store_->write<Done>(to_write(std::move(body))); }

  // All in one batch: the first write holds the writer until the others are queued.
  std::vector<Result<Committed<Done>>> write_together(std::vector<Write<Done>> writes) {
    std::promise<void> queued;
    std::vector<std::future<Result<Committed<Done>>>> answers;
    auto& first = writes.front();
    first.run = [run = std::move(first.run), ready = queued.get_future().share()](Tx& tx) {
      ready.wait();
      return run(tx);
    };
    for (auto& write : writes) {
      std::promise<Result<Committed<Done>>> promise;
      answers.push_back(promise.get_future());
      store_->submit<Done>(std::move(write), [promise = std::move(promise)](auto result) mutable {
        promise.set_value(std::move(result));
      });
    }
    queued.set_value();
    std::vector<Result<Committed<Done>>> results;
    for (auto& answer : answers) results.push_back(answer.get());
    return results;
  }

  std::vector<LogEntry> whole_log() {
    auto entries = store_->read_log(LogCursor{}, 10'000);
    EXPECT_TRUE(entries) << (entries ? "" : entries.error().message);
    return entries ? *entries : std::vector<LogEntry>{};
  }
  template <class T>
  std::int64_t rows_of() {
    return store_->read([](Read& read) { return count<T>(read); }).value();
  }

  TempFolder folder_;
  ManualClock clock_;
  SystemEntropy entropy_;
  Log log_{clock_, LogLevel::error, LogFormat::human, -1};
  Metrics metrics_;
  Faults faults_;
  std::vector<AppliedBatch> applied_;  // written by the writer before a write is answered
  std::unique_ptr<Store> store_;
};

}  // namespace allauth::store::testing
