#include "base/url.h"

#include <gtest/gtest.h>

namespace allauth {
namespace {

TEST(Url, IsShownWithoutItsPassword) {
  struct Case {
    const char *url, *shown;
  };
  for (const auto& [url, shown] : {
           Case{"", ""},
           Case{"no url", "no url"},
           Case{"postgresql:///db", "postgresql:///db"},
           Case{"postgresql://host:5432/db", "postgresql://host:5432/db"},
           Case{"postgresql://me@host/db", "postgresql://me@host/db"},
           Case{"postgresql://me:pass@host/db?a=b", "postgresql://me:***@host/db?a=b"},
           Case{"postgresql://me:@host/db", "postgresql://me:***@host/db"},
           Case{"postgresql://me:p@ss/wo?rd@host/db", "postgresql://me:***@host/db"},
           Case{"postgresql://me:a:b@host1:1,host2:2/db", "postgresql://me:***@host1:1,host2:2/db"},
           Case{"postgresql://host/db?password=pass&sslmode=require",
                "postgresql://host/db?password=***&sslmode=require"},
           Case{"postgresql://host/db?sslPassword=pass", "postgresql://host/db?sslPassword=***"},
           Case{"postgresql://host/db?p%61ssword=pass", "postgresql://host/db?p%61ssword=***"},
           Case{"postgresql://me:pass@host/db?password=pa@ss", "postgresql://me:***@ss"},
           Case{"postgresql://me:pass", "postgresql://me:***"},
           Case{"postgresql://me:pass/word", "postgresql://me:***"},
           Case{"postgresql://host:1,[::1]:2/db", "postgresql://host:1,[::1]:2/db"},
       })
    EXPECT_EQ(without_password(url), shown) << url;
}

}  // namespace
}  // namespace allauth
