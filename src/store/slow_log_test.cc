#include "store/sql/slow_log.h"

#include <cstdio>

#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

class SlowLog : public StoreTest {};

TEST_P(SlowLog, NamesTheStatementAndNoneOfItsValues) {
  std::FILE* file = std::tmpfile();
  Log log(clock_, LogLevel::info, LogFormat::json, fileno(file));
  store_.reset();
  auto database = GetParam().open(folder_.path());
  ASSERT_TRUE(database) << database.error().message;
  const auto watched = sql::with_slow_log(std::move(*database), clock_, log, Millis(500));
  auto session = watched->connect(sql::Database::Access::read_write);
  ASSERT_TRUE(session);
  constexpr sql::Statement kQuick("test.quick", "SELECT count(*) FROM users WHERE id = $1");
  constexpr sql::Statement kSlow("test.slow", "SELECT count(*) FROM users WHERE email = $1");
  const std::array<sql::Value, 1> binds{sql::Value(std::string_view("canary"))};
  const auto after = [&](Millis takes) {
    return [this, takes](const sql::Row&) -> Result<void> {
      clock_.advance(takes);
      return {};
    };
  };
  ASSERT_TRUE((*session)->begin_read());
  EXPECT_TRUE((*session)->run(kQuick, binds, after(Millis(499))));
  EXPECT_TRUE((*session)->run(kSlow, binds, after(Millis(500))));
  (*session)->rollback();
  std::string text(static_cast<std::size_t>(::lseek(fileno(file), 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(fileno(file), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  std::fclose(file);
  EXPECT_NE(
      text.find(R"("level":"warn","message":"slow statement","statement":"test.slow","duration_ms":500)"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.find("test.quick"), std::string::npos);
  EXPECT_EQ(text.find("canary"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Engines, SlowLog, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
