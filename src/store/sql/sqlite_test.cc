#include "store/sql/sqlite.h"

#include <array>
#include <fstream>

#include "store/testing/contract.h"

namespace allauth::sql {
namespace {

using store::testing::make_user;
using store::testing::TempFolder;

class SqliteFile : public ::testing::Test {
 protected:
  Result<std::unique_ptr<store::Store>> open() {
    return store::Store::open(
        {.clock = clock_, .entropy = entropy_, .log = log_, .metrics = metrics_, .location = path()});
  }
  std::string path() const { return folder_.path() + "/allauth.db"; }
  void make() {
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
    const auto done =
        (*opened)->write<store::Done>({.recheck = {}, .run = [](store::Tx& tx) -> Result<store::Done> {
                                         tx.act({.slug = "test.done"});
                                         for (int i = 0; i < 200; ++i) {
                                           auto user = make_user(fmt::format("u{}", i));
                                           TRY(store::insert(tx, user));
                                         }
                                         return store::Done{};
                                       }});
    ASSERT_TRUE(done);
  }
  void put(const std::string& bytes, std::streamoff at = 0, bool fresh = true) {
    std::fstream file(path(), std::ios::binary | std::ios::out | (fresh ? std::ios::trunc : std::ios::in));
    file.seekp(at);
    file << bytes;
    ASSERT_TRUE(file.good());
  }
  std::string content() {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void expect_refused(Reason reason) {
    const auto before = content();
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason, reason) << opened.error().detail;
    EXPECT_TRUE(opened.error().message.ends_with('.')) << opened.error().message;
    EXPECT_EQ(content(), before) << "a refused file must stay as it was";
  }

  TempFolder folder_;
  ManualClock clock_;
  SystemEntropy entropy_;
  Log log_{clock_, LogLevel::error, LogFormat::human, -1};
  Metrics metrics_;
};

TEST_F(SqliteFile, IsReadableByItsOwnerOnly) {
  make();
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path()).permissions() & perms(077), perms::none);
}

TEST_F(SqliteFile, IsRefusedWhenEmpty) {
  put("");
  expect_refused("store.corrupt");
}

TEST_F(SqliteFile, IsRefusedWhenNoDatabase) {
  put(std::string(8192, 'x'));
  expect_refused("store.corrupt");
}

TEST_F(SqliteFile, IsRefusedWhenCutShort) {
  make();
  std::filesystem::resize_file(path(), 50);
  expect_refused("store.corrupt");
}

TEST_F(SqliteFile, IsRefusedWhenCutInTheMiddle) {
  make();
  std::filesystem::resize_file(path(), 3 * 4096);
  expect_refused("store.corrupt");
}

TEST_F(SqliteFile, IsRefusedWhenPagesAreDamaged) {
  make();
  put(std::string(std::filesystem::file_size(path()) - 4096, '\xA5'), 4096, false);
  expect_refused("store.corrupt");
}

TEST_F(SqliteFile, IsRefusedWhenOnlyItsLogIsLeft) {
  make();
  std::filesystem::remove(path());
  std::ofstream(path() + "-wal") << "something";
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, Reason("store.corrupt"));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(SqliteFile, IsRefusedWhenOfAnotherProgram) {
  make();
  put(std::string(4, '\1'), 68, false);
  expect_refused("store.foreign");
}

TEST_F(SqliteFile, IsRefusedInAFolderThatIsNotThere) {
  const auto opened = open_sqlite({.path = folder_.path() + "/no/such.db"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, Reason("store.io"));
}

TEST_F(SqliteFile, HasOneOpenerAtATime) {
  auto first = open();
  ASSERT_TRUE(first);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, Reason("store.in_use"));
  EXPECT_NE(second.error().message.find("stop that first"), std::string::npos);
  first->reset();
  EXPECT_TRUE(open());
}

TEST_F(SqliteFile, IsMadeAnewAfterACrashDuringItsMaking) {
  std::ofstream(path() + ".new") << "half";
  EXPECT_TRUE(open());
}

TEST_F(SqliteFile, SaysFullAndGoesOnWhenThereIsSpaceAgain) {
  make();
  auto database = open_sqlite({.path = path()}).value();
  auto session = database->connect(Database::Access::read_write).value();
  constexpr Statement kPages("test.pages", "SELECT page_count FROM pragma_page_count()");
  constexpr Statement kFill("test.fill", "INSERT INTO settings VALUES ($1, $2, 0, '', 0, '', 0)");
  std::int64_t pages = 0;
  ASSERT_TRUE(session->run(kPages, {}, [&](const Row& row) -> Result<void> {
    pages = row.integer(0);
    return {};
  }));
  const std::string limit = fmt::format("PRAGMA max_page_count = {}", pages + 2);
  ASSERT_TRUE(session->run_script(limit));
  const std::string big(100'000, 'b');
  const auto full = session->run(kFill, std::array{Value(std::string_view("a")), Value::blob(big)});
  EXPECT_EQ(full.error().reason, Reason("store.full"));
  ASSERT_TRUE(session->run_script("PRAGMA max_page_count = 1000000"));
  EXPECT_TRUE(session->run(kFill, std::array{Value(std::string_view("a")), Value::blob(big)}));
}

TEST_F(SqliteFile, SyncsEveryCommitAndKeepsReferences) {
  make();
  auto database = open_sqlite({.path = path()}).value();
  auto session = database->connect(Database::Access::read_write).value();
  constexpr Statement kSettings("test.settings",
                                "SELECT journal_mode, synchronous, foreign_keys FROM pragma_journal_mode(), "
                                "pragma_synchronous(), pragma_foreign_keys()");
  ASSERT_TRUE(session->run(kSettings, {}, [](const Row& row) -> Result<void> {
    EXPECT_EQ(row.bytes(0), "wal");
    EXPECT_EQ(row.integer(1), 2);  // FULL
    EXPECT_EQ(row.integer(2), 1);
    return {};
  }));
}

TEST_F(SqliteFile, ChecksTheNumberOfBinds) {
  auto database = open_sqlite({.path = path()}).value();
  auto session = database->connect(Database::Access::read_write).value();
  constexpr Statement kTwo("test.two", "SELECT $1, $2, $1");
  EXPECT_EQ(session->run(kTwo, std::array{Value(1)}).error().code, Code::bug);
  ASSERT_TRUE(session->run(kTwo, std::array{Value(1), Value()}, [](const Row& row) -> Result<void> {
    EXPECT_EQ(row.integer(0), 1);
    EXPECT_TRUE(row.is_null(1));
    EXPECT_EQ(row.integer(2), 1);
    return {};
  }));
}

TEST(SqlStatement, CountsItsBindsAndRefusesDisorder) {
  EXPECT_EQ(Statement::generated("t", "a = $1 AND b = $2 OR c = $1").parameters(), 2);
  EXPECT_EQ(Statement::generated("t", "a = $2 AND b = $1").parameters(), -1);
  EXPECT_EQ(Statement::generated("t", "a = $3").parameters(), -1);
  EXPECT_EQ(Statement::generated("t", "a = $x").parameters(), -1);
  EXPECT_EQ(Statement::generated("t", "SELECT 1; DELETE").parameters(), -1);
}

TEST(SqlStatement, FillsInItsWords) {
  const auto statement =
      Statement::generated("t", "SELECT {columns}, {u.columns}, {now} FROM t {for update}");
  EXPECT_EQ(render(statement.with_columns("a, b"), {.for_update = "FOR UPDATE", .now = "clock()"}),
            "SELECT a, b, u.a, u.b, clock() FROM t FOR UPDATE");
  EXPECT_EQ(render(statement.with_columns("a"), {.for_update = "", .now = "0"}), "SELECT a, u.a, 0 FROM t ");
}

}  // namespace
}  // namespace allauth::sql
