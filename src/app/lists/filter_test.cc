#include "app/lists/filter.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace allauth::app {
namespace {

TEST(Containment, LooksIntoObjectsAndLists) {
  struct Case {
    const char* whole;
    const char* part;
    bool contained;
  };
  const Case table[] = {
      {R"({"a":1})", R"({})", true},
      {R"({"a":1,"b":2})", R"({"b":2})", true},
      {R"({"a":1})", R"({"b":1})", false},
      {R"({"a":1})", R"({"a":"1"})", false},
      {R"({"a":1})", R"({"a":1.0})", true},
      {R"({"a":1})", R"({"a":true})", false},
      {R"({"a":null})", R"({"a":null})", true},
      {R"({})", R"({"a":null})", false},
      {R"({"a":{"b":1,"c":2}})", R"({"a":{"c":2}})", true},
      {R"({"a":{"b":1}})", R"({"a":{}})", true},
      {R"({"a":[]})", R"({"a":{}})", false},
      {R"({"a":[1,2,3]})", R"({"a":[3,1]})", true},
      {R"({"a":[1,2,3]})", R"({"a":[4]})", false},
      {R"({"a":[{"b":1,"c":2}]})", R"({"a":[{"b":1}]})", true},
      {R"({"a":[1]})", R"({"a":1})", false},
      {R"({"a":"x"})", R"({"a":"X"})", false},
  };
  for (const auto& c : table)
    EXPECT_EQ(contains(boost::json::parse(c.whole), boost::json::parse(c.part)), c.contained)
        << c.whole << " " << c.part;
}

User sample() {
  return {.id = UserId::trusted("u1"),
          .email = "ada@example.org",
          .username = "ada",
          .name = "Ada Löve",
          .tags = {"admin", "north"},
          .metadata = {R"({"site":"north","floor":2})"},
          .status = Status::disabled,
          .stamp = {.created_at = from_millis(1000), .updated_at = from_millis(2000)}};
}

TEST(Filter, TakesWhatHasAllThatIsAskedFor) {
  struct Case {
    ListFilter filter;
    bool matches;
  };
  const auto at = [](int ms) { return from_millis(ms); };
  const Case table[] = {
      {{}, true},
      {{.name = "Ada Löve"}, true},
      {{.name = "ada löve"}, false},
      {{.name_contains = "A L"}, true},
      {{.name_contains = "LÖ"}, false},  // only A-Z are folded
      {{.name_contains = "Lö"}, true},
      {{.tags_all = {"admin", "north"}}, true},
      {{.tags_all = {"admin", "south"}}, false},
      {{.tags_any = {"admin", "south"}}, true},
      {{.tags_any = {"south"}}, false},
      {{.metadata = Metadata{R"({"floor":2})"}}, true},
      {{.metadata = Metadata{R"({"floor":3})"}}, false},
      {{.status = Status::disabled}, true},
      {{.status = Status::enabled}, false},
      {{.created_after = at(1000)}, true},
      {{.created_after = at(1001)}, false},
      {{.created_before = at(1001)}, true},
      {{.created_before = at(1000)}, false},
      {{.updated_after = at(2000), .updated_before = at(2001)}, true},
      {{.updated_before = at(2000)}, false},
      {{.email = "ada@example.org"}, true},
      {{.email = "ada"}, false},
      {{.email_prefix = "ada@"}, true},
      {{.username_prefix = "ad"}, true},
      {{.username = "eve"}, false},
      {{.name = "Ada Löve", .status = Status::enabled}, false},
  };
  for (const auto& c : table)
    EXPECT_EQ(Matcher(c.filter).matches(sample()), c.matches) << fingerprint(c.filter);
}

TEST(Filter, LooksOnlyAtWhatRowsHave) {
  const ListFilter filter{.name = "x", .created_after = from_millis(5)};
  EXPECT_FALSE(Matcher(filter).matches(RoleMember{}));
  EXPECT_TRUE(Matcher(filter).matches(RoleMember{.stamp = {.created_at = from_millis(5)}}));
}

TEST(Filter, IsToldFromEveryOther) {
  const ListFilter filters[] = {{},
                                {.name = "a"},
                                {.name_contains = "a"},
                                {.name = "0:;a"},
                                {.tags_all = {"a"}},
                                {.tags_any = {"a"}},
                                {.tags_all = {"a", "b"}},
                                {.tags_all = {"a"}, .tags_any = {"b"}},
                                {.metadata = Metadata{}},
                                {.status = Status::enabled},
                                {.created_after = from_millis(1)},
                                {.created_before = from_millis(1)}};
  std::vector<std::string> texts;
  for (const auto& filter : filters) texts.push_back(fingerprint(filter));
  std::ranges::sort(texts);
  EXPECT_EQ(std::ranges::adjacent_find(texts), texts.end());
}

TEST(Filter, RefusesWhatNothingCanHold) {
  EXPECT_TRUE(check_filter({.name_contains = std::string(512, 'a')}));
  for (const auto& text : {std::string(513, 'a'), std::string("\xFF"), std::string("a\0b", 3)}) {
    const auto checked = check_filter({.email_prefix = text});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().reason, Reason("list.filter"));
    EXPECT_EQ(checked.error().field, "email_prefix");
  }
}

}  // namespace
}  // namespace allauth::app
