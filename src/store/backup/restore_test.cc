#include "store/backup/restore.h"

#include <atomic>
#include <cstring>
#include <thread>

#include "store/backup/log_rows.h"
#include "store/lone_read.h"
#include "store/testing/contract.h"
#include "store/testing/next_version.h"
#include "store/testing/random_directory.h"

namespace allauth::store::backup {
namespace {

using testing::Engine;
using testing::engines;
using testing::TempFolder;

// All that a backup has to bring back.
struct Content {
  std::vector<Image> images;
  std::vector<LogEntry> acts;
  LogHead head;
};

class RestoreContract : public testing::StoreTest {
 protected:
  ByteSource source(std::size_t fail_at = std::string::npos) {
    return [this, fail_at, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
      if (at >= fail_at) return fail(Code::unavailable, "test.stopped", "The test stops it here.");
      const std::size_t size = std::min(into.size(), backup_.size() - at);
      std::memcpy(into.data(), backup_.data() + at, size);
      at += size;
      return size;
    };
  }

  // The database in the folder as a second process would open it.
  std::unique_ptr<sql::Session> reader(const Engine& engine, const std::string& folder) {
    opened_.push_back(
        sql::open_database(engine.location(folder), clock_, log_, {.only_reads = true}).value());
    return opened_.back()->connect(sql::Database::Access::read_only).value();
  }

  Result<Summary> back_up(std::span<const Migration> known = migrations()) {
    backup_.clear();
    const auto session = reader(GetParam(), folder_.path());
    return write_backup(*session, {.program = "1.2.3", .now = clock_.now(), .migrations = known},
                        [this](std::string_view bytes) -> Result<void> {
                          backup_ += bytes;
                          return {};
                        });
  }

  Result<Summary> restore(sql::Session& session, std::size_t fail_at = std::string::npos,
                          std::span<const Migration> known = migrations(), std::size_t rows = 50'000) {
    return restore_backup(session, source(fail_at),
                          {.clock = clock_, .entropy = entropy_, .migrations = known, .rows = rows});
  }

  Content content(sql::Session& session) {
    Content found;
    const auto done = read_alone(session, [&found](Read& read) -> Result<void> {
      TRY(found.head, read_head(read));
      TRY(read_state(read, Audience::node, [&found](Image image) -> Result<void> {
        found.images.push_back(std::move(image));
        return {};
      }));
      return read_acts(read, [&found](LogEntry entry) -> Result<void> {
        found.acts.push_back(std::move(entry));
        return {};
      });
    });
    EXPECT_TRUE(done) << done.error().message << " " << done.error().detail;
    return found;
  }
  Content content() {
    const auto session = reader(GetParam(), folder_.path());
    return content(*session);
  }

  void grow(int writes, unsigned seed = 1) {
    auto directory = std::make_shared<testing::RandomDirectory>(seed);
    for (int i = 0; i < writes; ++i) ASSERT_TRUE(write([directory](Tx& tx) { return directory->grow(tx); }));
  }

  static std::string reason(const Result<std::unique_ptr<Store>>& opened) {
    return opened ? "opened" : std::string(opened.error().reason.slug());
  }

  std::string backup_;
  std::vector<std::unique_ptr<sql::Database>> opened_;
};

TEST_P(RestoreContract, BringsEveryImageIntoEveryEngine) {
  grow(40);
  for (const bool large : {false, true})
    for_each_row_type([&]<class T>(T) {
      ASSERT_TRUE(write([&](Tx& tx) {
        auto row = testing::sample<T>(large);
        return insert(tx, row);
      })) << T::kTable;
    });
  const auto before = content();
  const auto written = back_up();
  ASSERT_TRUE(written) << written.error().message << " " << written.error().detail;
  EXPECT_EQ(written->bytes, backup_.size());
  EXPECT_EQ(written->counts.records(), before.images.size() + before.acts.size());
  ASSERT_TRUE(verify_backup(source(), {}));
  for (const auto& engine : engines()) {
    if (!engine.missing.empty()) continue;
    SCOPED_TRACE(engine.name);
    const TempFolder folder;
    auto database = engine.open(folder.path()).value();
    auto session = database->connect(sql::Database::Access::read_write).value();
    const auto restored = restore(*session, std::string::npos, migrations(), 100);
    ASSERT_TRUE(restored) << restored.error().message << " " << restored.error().detail;
    const auto after = content(*session);
    EXPECT_EQ(after.images, before.images);
    EXPECT_EQ(after.acts, before.acts);
    EXPECT_EQ(after.head.newest, before.head.newest);
    EXPECT_EQ(after.head.compacted, before.head.newest) << "images of the log are not in a backup";
    session.reset();
    auto store = Store::open(options(), std::move(database));
    ASSERT_TRUE(store) << store.error().message;
    const auto more = (*store)->write<Done>(to_write([](Tx& tx) {
      auto user = testing::make_user("after");
      return insert(tx, user);
    }));
    ASSERT_TRUE(more);
    EXPECT_EQ(to_number(more->revision), to_number(before.head.newest.revision) + 1);
  }
}

TEST_P(RestoreContract, IsToldByThoseWhoFollowedTheHistoryThatWasLost) {
  grow(3);
  ASSERT_TRUE(back_up());
  const auto at_backup = content().head.newest;
  grow(2, 2);
  const auto followed = content().head.newest;
  const TempFolder folder;
  auto database = GetParam().open(folder.path()).value();
  {
    auto session = database->connect(sql::Database::Access::read_write).value();
    ASSERT_TRUE(restore(*session));
  }
  auto store = Store::open(options(), std::move(database)).value();
  EXPECT_EQ(store->read_log(followed, 10).error().reason, Reason("log.replaced")) << "it is beyond the end";
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(store->write<Done>(to_write([i](Tx& tx) {
      auto user = testing::make_user(fmt::format("after{}", i));
      return insert(tx, user);
    })));
  EXPECT_EQ(store->read_log(followed, 10).error().reason, Reason("log.replaced")) << "another took its place";
  EXPECT_EQ(store->read_log(at_backup, 10).value().size(), 3U) << "who was no further goes on";
}

TEST_P(RestoreContract, HoldsExactlyOneRevisionWhileOthersWrite) {
  std::atomic<bool> stop = false;
  std::atomic<int> next = 0;
  std::vector<std::jthread> writers;
  for (int i = 0; i < 3; ++i)
    writers.emplace_back([&] {
      while (!stop) {
        const int number = ++next;
        EXPECT_TRUE(write([number](Tx& tx) -> Result<void> {
          auto user = testing::make_user(fmt::format("u{}", number));
          TRY(insert(tx, user));
          auto role = Role{.id = RoleId::trusted(fmt::format("r{}", number)), .name = user.id.str()};
          return insert(tx, role);
        }));
      }
    });
  for (int round = 0; round < 5; ++round) {
    const int before = next;
    while (next < before + 20) std::this_thread::yield();
    const auto written = back_up();
    ASSERT_TRUE(written) << written.error().message << " " << written.error().detail;
    std::map<std::pair<ImageKind, std::string>, std::string> found;
    std::uint64_t newest = 0;
    ASSERT_TRUE(read_backup(source(), {.header = [](const Header&) -> Result<void> { return {}; },
                                       .image = [&](const Image& image) -> Result<void> {
                                         found[{image.kind, image.key}] = image.bytes;
                                         return {};
                                       },
                                       .entry = [&](const LogEntry& entry) -> Result<void> {
                                         EXPECT_EQ(to_number(entry.revision), ++newest);
                                         return {};
                                       }}));
    EXPECT_EQ(newest, to_number(written->header.at.revision));
    std::map<std::pair<ImageKind, std::string>, std::string> replayed;
    for (const auto& entry : whole_log())
      if (entry.revision <= written->header.at.revision)
        for (const auto& image : entry.images) replayed[{image.kind, image.key}] = image.bytes;
    EXPECT_EQ(found, replayed);
  }
  stop = true;
}

TEST_P(RestoreContract, LeavesADatabaseThatNobodyServesWhenItIsInterrupted) {
  grow(30);
  const auto before = content();
  ASSERT_TRUE(back_up());
  const TempFolder folder;
  for (std::size_t fail_at = 100; fail_at < backup_.size(); fail_at += backup_.size() / 7) {
    SCOPED_TRACE(fail_at);
    auto database = GetParam().open(folder.path()).value();
    auto session = database->connect(sql::Database::Access::read_write).value();
    const auto stopped = restore(*session, fail_at, migrations(), 40);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().reason, Reason("test.stopped"));
    session.reset();
    EXPECT_EQ(reason(Store::open(options(), std::move(database))), "store.restore.unfinished");
    const auto half = reader(GetParam(), folder.path());
    EXPECT_EQ(write_backup(*half, {.program = "", .now = {}, .migrations = migrations()},
                           [](std::string_view) -> Result<void> { return {}; })
                  .error()
                  .reason,
              Reason("store.restore.unfinished"));
  }
  auto database = GetParam().open(folder.path()).value();
  auto session = database->connect(sql::Database::Access::read_write).value();
  const auto restored = restore(*session);
  ASSERT_TRUE(restored) << restored.error().message << " " << restored.error().detail;
  EXPECT_EQ(content(*session).images, before.images);
  EXPECT_EQ(content(*session).acts, before.acts);
  session.reset();
  EXPECT_EQ(reason(Store::open(options(), std::move(database))), "opened");
}

TEST_P(RestoreContract, TakesNothingFromADamagedBackup) {
  grow(5);
  ASSERT_TRUE(back_up());
  backup_[backup_.size() / 2] ^= 1;
  const TempFolder folder;
  auto database = GetParam().open(folder.path()).value();
  auto session = database->connect(sql::Database::Access::read_write).value();
  EXPECT_EQ(restore(*session).error().reason, Reason("backup.damaged"));
  EXPECT_EQ(require_empty(*session).has_value(), true) << "it can be restored again";
  session.reset();
  EXPECT_EQ(reason(Store::open(options(), std::move(database))), "store.restore.unfinished");
}

TEST_P(RestoreContract, GoesIntoAnEmptyDatabaseOnly) {
  grow(1);
  ASSERT_TRUE(back_up());
  const TempFolder folder;
  auto database = GetParam().open(folder.path()).value();
  auto session = database->connect(sql::Database::Access::read_write).value();
  ASSERT_TRUE(require_empty(*session));
  ASSERT_TRUE(migrate(*session, migrations(), clock_, entropy_));
  ASSERT_TRUE(require_empty(*session)) << "tables alone are nothing";
  ASSERT_TRUE(restore(*session));
  const auto before = content(*session);
  const auto again = restore(*session);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, Reason("restore.not_empty"));
  EXPECT_EQ(content(*session).images, before.images);
}

TEST_P(RestoreContract, NoticesAnotherProgramOnItsDatabase) {
  grow(20);
  ASSERT_TRUE(back_up());
  const TempFolder folder;
  auto database = GetParam().open(folder.path()).value();
  auto session = database->connect(sql::Database::Access::read_write).value();
  auto other = database->connect(sql::Database::Access::read_write).value();
  bool written = false;
  const auto restored = restore_backup(*session, source(),
                                       {.clock = clock_,
                                        .entropy = entropy_,
                                        .migrations = migrations(),
                                        .rows = 10,
                                        .progress = [&](const Progress& progress) {
                                          if (std::exchange(written, true) || progress.records == 0) return;
                                          session->rollback();  // between two of its transactions
                                          ASSERT_TRUE(other->run_script("UPDATE log_head SET revision = 1"));
                                          ASSERT_TRUE(session->begin_write());
                                        }});
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().reason, Reason("restore.not_alone"));
}

TEST_P(RestoreContract, FillsInWhatIsNewerThanTheBackup) {
  grow(10);
  ASSERT_TRUE(back_up());
  std::vector<Migration> newer(migrations().begin(), migrations().end());
  newer.push_back({static_cast<int>(newer.size()) + 1, 1, "", Phase::migrate,
                   [](Tx& tx, std::string_view, std::size_t) -> Result<std::optional<std::string>> {
                     TRY(for_each<User>(tx, [&tx](User user) -> Result<void> {
                       user.name = "filled in";
                       return update(tx, user);
                     }));
                     return std::nullopt;
                   }});
  const TempFolder folder;
  auto database = GetParam().open(folder.path()).value();
  auto session = database->connect(sql::Database::Access::read_write).value();
  const auto restored = restore(*session, std::string::npos, newer);
  ASSERT_TRUE(restored) << restored.error().message << restored.error().detail;
  ASSERT_TRUE(require_migrated(*session, newer));
  std::size_t users = 0;
  ASSERT_TRUE(read_alone(*session, [&users](Read& read) {
    return for_each<User>(read, [&users](const User& user) -> Result<void> {
      EXPECT_EQ(user.name, "filled in");
      ++users;
      return {};
    });
  }));
  EXPECT_GT(users, 10U);
}

TEST_P(RestoreContract, KeepsToSchemasThatItKnows) {
  grow(1);
  const auto next = testing::next_migrations(migrations());
  EXPECT_EQ(back_up(next).error().reason, Reason("store.schema.behind"));
  store_.reset();
  {
    auto database = GetParam().open(folder_.path()).value();
    auto session = database->connect(sql::Database::Access::read_write).value();
    ASSERT_TRUE(migrate(*session, next, clock_, entropy_));
  }
  const auto without = back_up();
  EXPECT_EQ(without.error().reason, Reason("backup.schema")) << "it would lack the newer column";
  ASSERT_TRUE(back_up(next));
  const TempFolder folder;
  auto database = GetParam().open(folder.path()).value();
  auto session = database->connect(sql::Database::Access::read_write).value();
  EXPECT_EQ(restore(*session).error().reason, Reason("backup.schema"));
}

INSTANTIATE_TEST_SUITE_P(Engines, RestoreContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::backup
