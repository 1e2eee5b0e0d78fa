#include "store/log_cursor.h"

#include <gtest/gtest.h>

namespace allauth::store {
namespace {

TEST(LogCursors, AreTextAndBack) {
  const LogCursor cursor{Revision{17}, 0x00c4'f0a1'b2c3'd4e5};
  EXPECT_EQ(to_text(cursor), "17.00c4f0a1b2c3d4e5");
  for (const auto& each : {cursor, LogCursor{}, LogCursor{Revision{~0ULL}, ~0ULL}}) {
    const auto parsed = parse_log_cursor(to_text(each));
    ASSERT_TRUE(parsed) << to_text(each);
    EXPECT_EQ(*parsed, each);
  }
}

TEST(LogCursors, AreRefusedInAnyOtherForm) {
  for (const char* text :
       {"", ".", "17", "17.", ".00c4f0a1b2c3d4e5", "017.00c4f0a1b2c3d4e5", "17.00C4f0a1b2c3d4e5",
        "17.c4f0a1b2c3d4e5", "17.000c4f0a1b2c3d4e5", "-1.00c4f0a1b2c3d4e5", "17.00c4f0a1b2c3d4e5 ",
        "18446744073709551616.00c4f0a1b2c3d4e5", "17.0x0c4f0a1b2c3d4e"})
    EXPECT_EQ(parse_log_cursor(text).error().reason, Reason("log.cursor")) << text;
}

// Entry n of the log has the tag 100 + n.
TEST(LogCursors, StandToALogAsTheyShould) {
  constexpr auto at = [](std::uint64_t revision, std::uint64_t tag) {
    return LogCursor{Revision{revision}, tag};
  };
  struct Case {
    LogCursor from;
    LogCursor newest, compacted;
    Standing expected;
  };
  const std::vector<Case> cases = {
      {at(0, 0), at(0, 0), at(0, 0), Standing::at_head},
      {at(0, 0), at(9, 109), at(0, 0), Standing::behind},
      {at(5, 105), at(9, 109), at(0, 0), Standing::behind},
      {at(9, 109), at(9, 109), at(0, 0), Standing::at_head},
      {at(5, 105), at(9, 109), at(5, 105), Standing::behind},
      {at(4, 104), at(9, 109), at(5, 105), Standing::compacted},
      {at(0, 0), at(9, 109), at(5, 105), Standing::compacted},
      {at(9, 109), at(9, 109), at(9, 109), Standing::at_head},
      {at(10, 110), at(9, 109), at(0, 0), Standing::replaced},
      {at(9, 77), at(9, 109), at(0, 0), Standing::replaced},
      {at(5, 77), at(9, 109), at(0, 0), Standing::replaced},
      {at(5, 77), at(9, 109), at(5, 105), Standing::replaced},
      {at(9, 77), at(9, 109), at(9, 109), Standing::replaced},
      // A restored database: nothing before its head, which has a tag of its own.
      {at(9, 109), at(9, 200), at(9, 200), Standing::replaced},
      {at(12, 112), at(9, 200), at(9, 200), Standing::replaced},
      // An older version moved the head and left the old tag there: the entry counts.
      {at(9, 109), at(9, 108), at(0, 0), Standing::at_head},
  };
  for (const auto& c : cases) {
    const auto found =
        standing(c.from, {c.newest, c.compacted},
                 [](Revision revision) -> Result<std::uint64_t> { return 100 + to_number(revision); });
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, c.expected) << to_text(c.from) << " in " << to_text(c.compacted) << " … "
                                  << to_text(c.newest);
  }
}

}  // namespace
}  // namespace allauth::store
