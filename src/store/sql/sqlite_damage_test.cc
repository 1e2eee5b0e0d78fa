#include "store/sql/sqlite_damage.h"

#include <filesystem>
#include <fstream>

#include "store/sql/sqlite.h"
#include "store/testing/contract.h"

namespace allauth::sql {
namespace {

using store::testing::TempFolder;

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrame = 4096 + 24;
constexpr int kWrites = 20;

// A database as a kill leaves it: all is in its "-wal" file.
class SqliteWal : public ::testing::Test {
 protected:
  SqliteWal() {
    auto database = open_sqlite({.path = folder_.path() + "/live.db"}).value();
    auto session = database->connect(Database::Access::read_write).value();
    EXPECT_TRUE(session->run_script("CREATE TABLE t (n INTEGER)"));
    for (int i = 0; i < kWrites; ++i) insert(*session);
    for (const auto* end : {"", "-wal"})
      std::filesystem::copy_file(folder_.path() + "/live.db" + end, path_ + end);
    wal_ = read(path_ + "-wal");
  }

  static void insert(Session& session) {
    constexpr Statement kInsert("test.insert", "INSERT INTO t VALUES (1)");
    EXPECT_TRUE(session.begin_write());
    EXPECT_TRUE(session.run(kInsert, {}, {}));
    EXPECT_TRUE(session.commit());
  }

  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Result<void> check(const std::string& wal) {
    std::ofstream(path_ + "-wal", std::ios::binary) << wal;
    return check_wal(path_);
  }

  std::string flipped(std::size_t at) const {
    std::string wal = wal_;
    wal[at] = static_cast<char>(wal[at] ^ 0x10);
    return wal;
  }

  std::size_t frames() const { return (wal_.size() - kHeader) / kFrame; }

  TempFolder folder_;
  const std::string path_ = folder_.path() + "/killed.db";
  std::string wal_;
};

TEST_F(SqliteWal, IsWholeAfterAKill) {
  EXPECT_GT(frames(), kWrites);
  EXPECT_TRUE(check(wal_));
  EXPECT_TRUE(check(""));
  std::filesystem::remove(path_ + "-wal");
  EXPECT_TRUE(check_wal(path_)) << "there need not be one";
}

TEST_F(SqliteWal, IsRefusedWhenItsHeaderIsDamaged) {
  for (std::size_t at = 0; at < kHeader; ++at) {
    const auto checked = check(flipped(at));
    ASSERT_FALSE(checked) << at;
    EXPECT_EQ(checked.error().reason, Reason("store.corrupt"));
  }
  EXPECT_TRUE(check(std::string(kHeader, '\0'))) << "made, and nothing written yet";
}

TEST_F(SqliteWal, IsRefusedWhenAnythingButTheLastTwoCommitsIsDamaged) {
  for (std::size_t frame = 0; frame + 3 < frames(); ++frame)
    for (const std::size_t at : {0, 4, 9, 17, 23, 24, 2000, 4119})
      EXPECT_FALSE(check(flipped(kHeader + frame * kFrame + at))) << frame << " " << at;
}

TEST_F(SqliteWal, MayEndAnywhere) {
  for (std::size_t frame = 0; frame <= frames(); ++frame)
    for (const std::size_t more : {0, 1, 23, 24, 4000})
      EXPECT_TRUE(check(wal_.substr(0, kHeader + frame * kFrame + more))) << frame << " " << more;
}

// What a power failure may leave of a transaction that was being written.
TEST_F(SqliteWal, MayEndWithATransactionThatIsHalfThere) {
  EXPECT_TRUE(check(flipped(wal_.size() - 1)));
  EXPECT_TRUE(check(flipped(wal_.size() - kFrame + 3)));
  EXPECT_TRUE(check(wal_ + std::string(3 * kFrame, 'x')));
}

TEST_F(SqliteWal, MayHoldWhatWasThereBeforeItBeganAnew) {
  auto database = open_sqlite({.path = path_}).value();
  auto session = database->connect(Database::Access::read_write).value();
  ASSERT_TRUE(session->run_script("PRAGMA wal_checkpoint(RESTART)"));
  for (int i = 0; i < 3; ++i) insert(*session);
  const std::string anew = read(path_ + "-wal");
  ASSERT_EQ(anew.size(), wal_.size());
  ASSERT_NE(anew, wal_);
  EXPECT_TRUE(check_wal(path_));
}

}  // namespace
}  // namespace allauth::sql
