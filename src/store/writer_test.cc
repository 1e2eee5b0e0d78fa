#include <atomic>
#include <latch>

#include "store/image.h"
#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

class WriterContract : public StoreTest {
 protected:
  static Body put(std::string id, std::string email = {}) {
    return [=](Tx& tx) {
      auto user = make_user(id, email);
      return insert(tx, user);
    };
  }
  bool has(const std::string& id) {
    return store_->read([&](Read& read) { return find<User>(read, id); })->has_value();
  }
  // Where others share the database, writes are refused after a failure until it has been looked at.
  Result<Committed<Done>> write_once_possible(const Body& body) {
    const auto until = std::chrono::steady_clock::now() + Seconds(10);
    while (true) {
      auto done = write(body);
      if (done || done.error().code != Code::unavailable || std::chrono::steady_clock::now() > until)
        return done;
      std::this_thread::sleep_for(Millis(5));
    }
  }
  static Error full() { return {Code::unavailable, "store.full", "There is no space left."}; }
};

TEST_P(WriterContract, GivesDenseRevisionsFromOne) {
  for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_EQ(write(put(fmt::format("u{}", i)))->revision, Revision{i});
  EXPECT_EQ(store_->revision(), Revision{5});
  open();
  EXPECT_EQ(write(put("u6"))->revision, Revision{6});
}

TEST_P(WriterContract, AFailingWriteBetweenTwoGoodOnesLeavesNoTrace) {
  std::vector<Write<Done>> writes;
  writes.push_back(to_write(put("u1", "a@b")));
  writes.push_back(to_write([](Tx& tx) -> Result<void> {
    auto fine = make_user("u2");
    TRY(insert(tx, fine));
    auto clash = make_user("u3", "a@b");  // as the write before it, which is not committed yet
    return insert(tx, clash);
  }));
  writes.push_back(to_write([](Tx&) -> Result<void> { throw std::runtime_error("oops"); }));
  writes.push_back(to_write(put("u4")));
  const auto results = write_together(std::move(writes));
  EXPECT_EQ(results[0]->revision, Revision{1});
  EXPECT_EQ(results[1].error().reason, Reason("row.exists"));
  EXPECT_EQ(results[2].error().code, Code::bug);
  EXPECT_EQ(results[2].error().reason, Reason("write.threw"));
  EXPECT_EQ(results[3]->revision, Revision{2});
  EXPECT_TRUE(has("u1") && has("u4"));
  EXPECT_FALSE(has("u2") || has("u3"));
  ASSERT_EQ(applied_.size(), 1U) << "one batch";
  EXPECT_EQ(applied_[0].entries, whole_log());
}

TEST_P(WriterContract, AFailedStatementFailsTheWriteEvenIfItGoesOn) {
  ASSERT_TRUE(write(put("u1", "a@b")));
  const auto result = write([](Tx& tx) -> Result<void> {
    auto clash = make_user("u2", "a@b");
    if (insert(tx, clash)) return {};
    auto other = make_user("u3");
    return insert(tx, other);
  });
  EXPECT_EQ(result.error().reason, Reason("row.exists"));
  EXPECT_FALSE(has("u3"));
}

TEST_P(WriterContract, MayGoOnAfterARowWasMissingOrAWalkWasEnded) {
  const auto result = write([](Tx& tx) -> Result<void> {
    auto user = make_user("u1");
    EXPECT_EQ(update(tx, user).error().reason, Reason("row.missing"));
    TRY(insert(tx, user));
    EXPECT_FALSE(for_each<User>(
        tx, [](const User&) -> Result<void> { return fail(Code::conflict, "test.enough", "Enough."); }));
    return {};
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(whole_log().at(0).images.size(), 1U);
}

TEST_P(WriterContract, WritesAnEntryWithTheImagesOfTheRows) {
  auto user = sample<User>(true);
  clock_.advance(Millis(5));
  const Act act{.slug = "user.created",
                .actor_kind = "user",
                .actor_id = "admin",
                .on_behalf_of = "someone",
                .domain_id = "d1",
                .request_id = "q1",
                .target_kind = "user",
                .target_id = user.id.str()};
  ASSERT_TRUE(store_->write<Done>({.recheck = {}, .run = [&](Tx& tx) -> Result<Done> {
                                     tx.act(act);
                                     TRY(insert(tx, user));
                                     user.name = "changed";
                                     TRY(update(tx, user));
                                     TRY(erase(tx, user));
                                     return Done{};
                                   }}));
  const auto log = whole_log();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].revision, Revision{1});
  EXPECT_EQ(log[0].time, clock_.now());
  EXPECT_EQ(log[0].act, act);
  ASSERT_EQ(log[0].images.size(), 3U);
  EXPECT_EQ(log[0].images[0].key, user.id.str());
  EXPECT_NE(log[0].images[0].bytes, log[0].images[1].bytes);
  EXPECT_EQ(log[0].images[1].bytes, encode_image(user));
  EXPECT_EQ(log[0].images[2].bytes, "");
  EXPECT_EQ(applied_.at(0).entries, log);
}

TEST_P(WriterContract, ImagesEqualRowsForEveryTypeAndKeysAreJoined) {
  for_each_row_type([&]<class T>(T) {
    T row = sample<T>(true);
    ASSERT_TRUE(write([&row](Tx& tx) { return insert(tx, row); })) << T::kTable;
    const auto image = whole_log().back().images.at(0);
    EXPECT_EQ(image.kind, T::kKind);
    EXPECT_EQ(image.bytes, encode_image(row)) << T::kTable;
    EXPECT_EQ(image.audience, audience_of(row)) << T::kTable;
    if constexpr (requires { row.key_text(); })
      EXPECT_EQ(image.key, row.key_text());
    else
      EXPECT_EQ(std::ranges::count(image.key, '/'), T::kKeys - 1) << T::kTable;
  });
}

TEST_P(WriterContract, AnActWithoutChangesIsAnEntryToo) {
  ASSERT_TRUE(write([](Tx&) -> Result<void> { return {}; }));
  const auto log = whole_log();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_TRUE(log[0].images.empty());
  EXPECT_EQ(log[0].act.slug, "test.done");
}

TEST_P(WriterContract, AWriteMustSayWhatItDoesOnceAndWithASlug) {
  const auto acting = [&](std::vector<std::string> slugs) {
    return store_->write<Done>({.recheck = {}, .run = [=](Tx& tx) -> Result<Done> {
                                  for (const auto& slug : slugs) tx.act({.slug = slug});
                                  return Done{};
                                }});
  };
  for (const auto& slugs : std::vector<std::vector<std::string>>{{}, {""}, {"Bad slug"}, {"a.b", "c.d"}}) {
    const auto result = acting(slugs);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, Reason("write.no_act"));
  }
  EXPECT_EQ(store_->revision(), Revision{0});
  EXPECT_TRUE(acting({"user.created"}));
}

TEST_P(WriterContract, AnActThatCannotBeStoredFailsItsOwnWriteOnly) {
  std::vector<Write<Done>> writes;
  for (const char* target : {"u1", "\xFF", "u3"})
    writes.push_back({.recheck = {}, .run = [target](Tx& tx) -> Result<Done> {
                        tx.act({.slug = "test.done", .target_id = target});
                        return Done{};
                      }});
  const auto results = write_together(std::move(writes));
  EXPECT_TRUE(results[0] && results[2]);
  EXPECT_EQ(results[1].error().reason, Reason("row.text"));
  EXPECT_EQ(whole_log().size(), 2U);
}

TEST_P(WriterContract, RecheckComesJustBeforeTheWriteAndCanForbidIt) {
  std::atomic<bool> ran = false;
  auto refused = to_write([&ran](Tx&) -> Result<void> {
    ran = true;
    return {};
  });
  refused.recheck = []() -> Result<void> { return fail(Code::denied, "test.denied", "No."); };
  EXPECT_EQ(store_->write<Done>(std::move(refused)).error().reason, Reason("test.denied"));
  EXPECT_FALSE(ran);
  auto allowed = to_write(put("u1"));
  allowed.recheck = []() -> Result<void> { return {}; };
  EXPECT_TRUE(store_->write<Done>(std::move(allowed)));
}

// Else an owner removed by one write could still name another in the next one.
TEST_P(WriterContract, RecheckSeesWhatEarlierWritesTookAway) {
  std::vector<Write<Done>> writes;
  writes.push_back(to_write(put("u1")));
  auto checked = to_write(put("u2"));
  std::size_t applied_before = 0;
  checked.recheck = [&]() -> Result<void> {
    applied_before = applied_.size();
    return {};
  };
  writes.push_back(std::move(checked));
  for (const auto& result : write_together(std::move(writes))) EXPECT_TRUE(result);
  EXPECT_EQ(applied_before, 1U) << "the write of a user was committed first";
}

TEST_P(WriterContract, RecheckSeesWhatAWriteSaysItTookAway) {
  for (const bool says : {true, false}) {
    std::vector<Write<Done>> writes;
    writes.push_back(to_write([says](Tx& tx) -> Result<void> {
      if (says) tx.takes_rights();
      return {};
    }));
    auto checked = to_write([](Tx&) -> Result<void> { return {}; });
    const std::size_t before = applied_.size();
    std::size_t seen = 0;
    checked.recheck = [&]() -> Result<void> {
      seen = applied_.size() - before;
      return {};
    };
    writes.push_back(std::move(checked));
    for (const auto& result : write_together(std::move(writes))) EXPECT_TRUE(result);
    EXPECT_EQ(seen, says ? 1U : 0U);
  }
}

TEST_P(WriterContract, AnswersWithTheValueOfTheFunction) {
  const auto result =
      store_->write<std::unique_ptr<int>>({.recheck = {}, .run = [](Tx& tx) -> Result<std::unique_ptr<int>> {
                                             tx.act({.slug = "test.value"});
                                             return std::make_unique<int>(42);
                                           }});
  ASSERT_TRUE(result);
  EXPECT_EQ(*result->value, 42);
}

TEST_P(WriterContract, AppliesBeforeItAnswersAndInOrder) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(write(put(fmt::format("u{}", i))));
    ASSERT_FALSE(applied_.empty());
    EXPECT_EQ(applied_.back().entries.back().revision, static_cast<Revision>(i + 1));
  }
}

TEST_P(WriterContract, ACommitThatFailsLosesAllOfItsBatchAndNothingElse) {
  ASSERT_TRUE(write(put("u0")));
  faults_.plan(FaultPoint::commit, 1, full());
  std::vector<Write<Done>> writes;
  for (const char* id : {"u1", "u2", "u3"}) writes.push_back(to_write(put(id)));
  for (const auto& result : write_together(std::move(writes))) {
    EXPECT_EQ(result.error().code, Code::unavailable);
    EXPECT_EQ(result.error().reason, Reason("store.full"));
    EXPECT_TRUE(result.error().retry_after.has_value());
  }
  EXPECT_FALSE(has("u1") || has("u2") || has("u3"));
  EXPECT_EQ(applied_.size(), 1U);
  EXPECT_EQ(write(put("u4"))->revision, Revision{2});
}

TEST_P(WriterContract, ACommitThatSucceededThoughAnsweredAsFailedIsAppliedLater) {
  faults_.plan(FaultPoint::after_commit, 1, full());
  EXPECT_FALSE(write(put("u1")));
  EXPECT_TRUE(applied_.empty());
  EXPECT_EQ(write(put("u2"))->revision, Revision{2});
  ASSERT_EQ(applied_.size(), 2U);
  EXPECT_EQ(applied_[0].entries.at(0).images.at(0).key, "u1");
  EXPECT_EQ(applied_[1].entries.at(0).images.at(0).key, "u2");
}

TEST_P(WriterContract, AFailureAtAnyStepLosesTheBatchAndTheNextOneWorks) {
  struct Case {
    FaultPoint point;
    int nth;
    std::string statement;
  };
  const std::vector<Case> cases = {
      {FaultPoint::begin, 1, ""},
      {FaultPoint::savepoint, 1, ""},
      {FaultPoint::savepoint, 2, ""},
      {FaultPoint::release, 1, ""},
      {FaultPoint::release, 2, ""},
      {FaultPoint::run, 1, "log.lock_head"},
      {FaultPoint::run, 1, "log.insert_entry"},
      {FaultPoint::run, 2, "log.insert_image"},
      {FaultPoint::run, 1, "log.move_head"},
      {FaultPoint::commit, 1, ""},
  };
  std::uint64_t revision = 0;
  for (const auto& c : cases) {
    faults_.plan(c.point, c.nth, full(), c.statement);
    std::vector<Result<Committed<Done>>> results;
    // A fault in the first write ends its batch: another one would go into the next.
    const bool alone = c.nth == 1 && c.statement.empty() && c.point != FaultPoint::commit;
    if (alone || c.statement == "log.lock_head") {
      results.push_back(write(put("lost1")));
    } else {
      std::vector<Write<Done>> writes;
      writes.push_back(to_write(put("lost1")));
      writes.push_back(to_write(put("lost2")));
      results = write_together(std::move(writes));
    }
    for (const auto& result : results) {
      ASSERT_FALSE(result) << c.statement << static_cast<int>(c.point);
      EXPECT_EQ(result.error().code, Code::unavailable);
    }
    EXPECT_FALSE(has("lost1") || has("lost2"));
    const auto next = write_once_possible(put(fmt::format("kept{}", ++revision)));
    ASSERT_TRUE(next) << next.error().detail;
    EXPECT_EQ(next->revision, Revision{revision});
  }
}

TEST_P(WriterContract, AStatementThatFailsInOneWriteLeavesTheOthers) {
  faults_.plan(FaultPoint::run, 2, full(), "users");
  std::vector<Write<Done>> writes;
  for (const char* id : {"u1", "u2", "u3"}) writes.push_back(to_write(put(id)));
  const auto results = write_together(std::move(writes));
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().reason, Reason("store.full"));
  EXPECT_EQ(results[2]->revision, Revision{2});
}

TEST_P(WriterContract, AFullQueueAnswersBusyAtOnce) {
  auto limited = options();
  limited.max_queued_writes = 1;
  open(std::move(limited));
  std::latch running(1), go(1), answered(2);
  store_->submit<Done>(to_write([&](Tx&) -> Result<void> {
                         running.count_down();
                         go.wait();
                         return {};
                       }),
                       [&](auto) { answered.count_down(); });
  running.wait();
  store_->submit<Done>(to_write(put("u1")), [&](auto) { answered.count_down(); });
  std::optional<Error> busy;
  store_->submit<Done>(to_write(put("u2")), [&](auto result) { busy = result.error(); });
  ASSERT_TRUE(busy) << "not answered at once";
  EXPECT_EQ(busy->code, Code::exhausted);
  EXPECT_EQ(busy->reason, Reason("store.busy"));
  EXPECT_TRUE(busy->retry_after.has_value());
  go.count_down();
  answered.wait();
  EXPECT_TRUE(has("u1"));
}

TEST_P(WriterContract, KeepsToItsBatchLimits) {
  auto limited = options();
  limited.max_batch_writes = 2;
  open(std::move(limited));
  std::vector<Write<Done>> writes;
  for (int i = 0; i < 5; ++i) writes.push_back(to_write(put(fmt::format("u{}", i))));
  for (const auto& result : write_together(std::move(writes))) EXPECT_TRUE(result);
  ASSERT_EQ(applied_.size(), 3U);
  EXPECT_EQ(applied_[0].entries.size(), 2U);
  EXPECT_EQ(applied_[2].entries.size(), 1U);
}

TEST_P(WriterContract, ClosingFinishesWhatIsQueuedAndRefusesTheRest) {
  std::latch running(1), go(1);
  std::atomic<int> stored = 0;
  const auto done = [&stored](auto result) { stored += result ? 1 : 0; };
  store_->submit<Done>(to_write([&](Tx&) -> Result<void> {
                         running.count_down();
                         go.wait();
                         return {};
                       }),
                       done);
  running.wait();
  for (int i = 0; i < 10; ++i) store_->submit<Done>(to_write(put(fmt::format("u{}", i))), done);
  go.count_down();
  store_->close();
  EXPECT_EQ(stored, 11);
  EXPECT_EQ(write(put("late")).error().reason, Reason("store.closed"));
}

TEST_P(WriterContract, CannotWaitForAWriteWithinAWrite) {
  const auto result = write([this](Tx&) -> Result<void> {
    TRY(write(put("inner")));
    return {};
  });
  EXPECT_EQ(result.error().reason, Reason("write.nested"));
}

TEST_P(WriterContract, TakesWritesFromManyThreads) {
  constexpr int kThreads = 4, kWrites = 100;
  std::atomic<int> stored = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kWrites; ++i) {
          if (write(put(fmt::format("t{}u{}", t, i)))) ++stored;
          if (i % 10 == 0) EXPECT_TRUE(store_->revision());
        }
      });
    }
  }
  EXPECT_EQ(stored, kThreads * kWrites);
  EXPECT_EQ(store_->revision(), Revision{kThreads * kWrites});
  EXPECT_EQ(whole_log().size(), kThreads * kWrites);
}

TEST_P(WriterContract, CountsWhatItDoes) {
  ASSERT_TRUE(write(put("u1")));
  ASSERT_FALSE(write(put("u1")));
  faults_.plan(FaultPoint::commit, 1, full());
  ASSERT_FALSE(write(put("u2")));
  store_->close();
  const std::string text = metrics_.render();
  for (const char* line :
       {R"(allauth_store_writes_total{result="committed"} 1)",
        R"(allauth_store_writes_total{result="refused"} 1)", R"(allauth_store_writes_total{result="lost"} 1)",
        R"(allauth_store_batches_total{writes="1"} 1)", "allauth_store_revision 1",
        "allauth_store_queued_writes 0"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

INSTANTIATE_TEST_SUITE_P(Engines, WriterContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
