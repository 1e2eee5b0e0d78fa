#include "codec/http.h"

#include <gtest/gtest.h>

namespace allauth::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Query, IsDecodedAsFormsAreEncoded) {
  EXPECT_EQ(parse_query(""), Pairs{});
  EXPECT_EQ(parse_query("a=1&b=&c"), (Pairs{{"a", "1"}, {"b", ""}, {"c", ""}}));
  EXPECT_EQ(parse_query("order+by=name+desc"), (Pairs{{"order by", "name desc"}}));
  EXPECT_EQ(parse_query("q=1%2B1%3D2"), (Pairs{{"q", "1+1=2"}}));
  EXPECT_EQ(parse_query("q=a=b"), (Pairs{{"q", "a=b"}}));
}

TEST(Query, IsRefusedAsAWholeIfAPartIsBroken) {
  for (const auto* broken : {"a=1&b=%z", "%=1", "a=%00", "a=%ff"})
    EXPECT_FALSE(parse_query(broken)) << broken;
}

// A path is no form: '+' is a character like others there (RFC 3986 §3.3).
TEST(PercentDecode, LeavesAPlus) {
  EXPECT_EQ(percent_decode("a+b%20c"), "a+b c");
  EXPECT_EQ(percent_decode("caf%C3%A9"), "café");
}

}  // namespace
}  // namespace allauth::http
