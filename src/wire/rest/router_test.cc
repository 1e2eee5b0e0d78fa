#include "wire/rest/router.h"

#include <gtest/gtest.h>

namespace allauth::wire {
namespace {

Router router_of(std::vector<std::pair<std::string, std::string>> routes) {
  Router router;
  std::size_t n = 0;
  for (const auto& [method, path] : routes) EXPECT_TRUE(router.add(method, path, n++)) << path;
  return router;
}

TEST(Router, PrefersLiteralsAndFallsBackToNames) {
  const Router router =
      router_of({{"POST", "/s/refresh"}, {"DELETE", "/s/{id}"}, {"GET", "/s/{id}/x/{other}"}});
  const auto refresh = router.find("POST", "/s/refresh");
  EXPECT_EQ(refresh->target, 0u);
  EXPECT_TRUE(refresh->values.empty());
  const auto other_method = router.find("DELETE", "/s/refresh");
  EXPECT_EQ(other_method->target, 1u);
  EXPECT_EQ(other_method->values, std::vector<std::string>{"refresh"});
  const auto both = router.find("GET", "/s/a%20b/x/c+d%2Fe");
  EXPECT_EQ(both->target, 2u);
  EXPECT_EQ(both->values, (std::vector<std::string>{"a b", "c+d/e"}));
  EXPECT_EQ(router.find("POST", "/s/r%65fresh")->target, 0u);
}

TEST(Router, SaysWhatAPathAllows) {
  const Router router = router_of({{"GET", "/u/{id}"}, {"PATCH", "/u/{id}"}, {"POST", "/u/me"}});
  const auto put = router.find("PUT", "/u/me");
  EXPECT_FALSE(put->target);
  EXPECT_EQ(put->allow, "GET, HEAD, OPTIONS, PATCH, POST");
  EXPECT_EQ(router.find("OPTIONS", "/u/7")->allow, "GET, HEAD, OPTIONS, PATCH");
  EXPECT_EQ(router.find("HEAD", "/u/7")->target, 0u);
}

TEST(Router, KnowsNoOtherPaths) {
  const Router router = router_of({{"GET", "/u/{id}"}, {"GET", "/u"}});
  for (std::string_view path :
       {"", "/", "u", "/U", "/u/", "//u", "/u//", "/u/1/", "/u/1/2", "/%75/1/", "*"}) {
    const auto found = router.find("GET", path);
    ASSERT_TRUE(found) << path;
    EXPECT_FALSE(found->target) << path;
    EXPECT_EQ(found->allow, "") << path;
  }
  for (std::string_view path : {"/u/%", "/u/%2", "/u/%zz", "/u/%00", "/u/%ff"}) {
    const auto found = router.find("GET", path);
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().reason.slug(), "path.encoding");
  }
}

TEST(Router, RefusesBadTemplatesAndDoubles) {
  Router router;
  for (std::string_view path : {"", "a", "/a//b", "/a/", "/{}", "/{a", "/a}", "/x{a}", "/{a}{b}"})
    EXPECT_FALSE(router.add("GET", path, 0)) << path;
  EXPECT_TRUE(router.add("GET", "/a/{x}", 0));
  EXPECT_TRUE(router.add("POST", "/a/{x}", 1));
  const auto twice = router.add("GET", "/a/{y}", 2);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().reason.slug(), "route.conflict");
}

}  // namespace
}  // namespace allauth::wire
