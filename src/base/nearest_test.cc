#include "base/nearest.h"

#include <vector>

#include <gtest/gtest.h>

namespace allauth {
namespace {

TEST(Nearest, IsWhatWasMeant) {
  const std::vector<std::string> known{"create", "list", "get", "update", "delete"};
  EXPECT_EQ(nearest("craete", known), "create");
  EXPECT_EQ(nearest("lst", known), "list");
  EXPECT_EQ(nearest("updates", known), "update");
  EXPECT_EQ(nearest("get", known), "get");
}

TEST(Nearest, IsNothingWhereNothingIsClose) {
  const std::vector<std::string> known{"create", "list"};
  EXPECT_EQ(nearest("xyzzy", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("ls", {}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), known), "");
}

}  // namespace
}  // namespace allauth
