#include "server/cli/terminal/text_table.h"

#include <gtest/gtest.h>

#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

TEST(TextTable, AlignsItsColumns) {
  EXPECT_EQ(
      text_table({{"ID", true}, {"NAME"}, {"STATUS"}}, {{"1", "Plant 1", "enabled"}, {"22", "x", ""}}, {}),
      "ID  NAME     STATUS\n1   Plant 1  enabled\n22  x\n");
  EXPECT_EQ(text_table({{"ID"}}, {}, {}), "ID\n");
}

TEST(TextTable, CountsColumnsNotBytes) {
  EXPECT_EQ(text_table({{"A"}, {"B"}}, {{"Ö", "1"}, {"工場", "2"}, {"e\xCC\x81", "3"}}, {}),
            "A     B\nÖ     1\n工場  2\ne\xCC\x81     3\n");
}

TEST(TextTable, CutsWhatIsWidestButNoIds) {
  const std::vector<Column> columns{{"ID", true}, {"NAME"}, {"TEXT"}};
  const std::string id(36, 'i');
  const auto fitted = text_table(columns, {{id, std::string(30, 'n'), std::string(12, 't')}}, 60);
  EXPECT_NE(fitted.find(id + "  nnnnnnn…  tttttttttttt\n"), std::string::npos) << fitted;
  EXPECT_NE(text_table(columns, {{id, "short", "short"}}, 10).find(id), std::string::npos);
}

TEST(Printable, LetsNothingMoveTheCursor) {
  EXPECT_EQ(printable("plain Ö"), "plain Ö");
  EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"),
            "a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD"
            "c\xEF\xBF\xBD");
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "x"),
            "\xEF\xBF\xBDx");
  EXPECT_EQ(printable("\xFFx"), "\xEF\xBF\xBDx");
}

TEST(Cut, EndsInAnEllipsis) {
  EXPECT_EQ(cut("abcdef", 6), "abcdef");
  EXPECT_EQ(cut("abcdef", 4), "abc…");
  EXPECT_EQ(cut("工場工場", 5), "工場…");
  EXPECT_EQ(cut("工場工場", 4), "工…");
}

}  // namespace
}  // namespace allauth::server::cli
