#include "model/topics.h"

#include <gtest/gtest.h>

namespace allauth {
namespace {

Reason reason(std::vector<std::string> topics) {
  const auto parsed = parse_topics(std::move(topics));
  return parsed ? Reason("none") : parsed.error().reason;
}

TEST(Topics, AreFiltersOfMqtt) {
  for (const auto* good :
       {"a", "/", "+", "#", "+/#", "plants/+/temp/#", "a//b", "mm/x", "+/m/x", "a b/\xC3\xA4", "a,b"})
    EXPECT_EQ(reason({good}), Reason("none")) << good;
  for (const auto* bad : {"", "a+", "a/#/b", "##", "a/b#", "\xFF", "a\nb", "\x7F", "\xC2\x85"})
    EXPECT_EQ(reason({bad}), Reason("topics.invalid")) << bad;
  for (const auto* reserved : {"$SYS/#", "$share/g/a", "$", "m", "m/a", "m/#", "m/"})
    EXPECT_EQ(reason({reserved}), Reason("topics.reserved")) << reserved;
}

TEST(Topics, AreBounded) {
  EXPECT_EQ(reason({std::string(kMaxTopicText, 'a')}), Reason("none"));
  EXPECT_EQ(reason({std::string(kMaxTopicText + 1, 'a')}), Reason("topics.invalid"));
  EXPECT_EQ(reason({std::string(kMaxTopicLevels - 1, '/')}), Reason("none"));
  EXPECT_EQ(reason({std::string(kMaxTopicLevels, '/')}), Reason("topics.invalid"));
  EXPECT_EQ(reason(std::vector<std::string>(kMaxTopics, "a")), Reason("none"));
  EXPECT_EQ(reason(std::vector<std::string>(kMaxTopics + 1, "a")), Reason("topics.too_many"));
  EXPECT_EQ(parse_topics({"a", "m/x"}).error().field, "topics[1]");
}

TEST(Topics, AreSortedAndThereOnce) { EXPECT_EQ(*parse_topics({"b", "a", "b"}), (Topics{"a", "b"})); }

TEST(Topics, HaveHeads) {
  EXPECT_EQ(topic_head("a/b"), "a/b/");
  EXPECT_EQ(topic_head("a/+/b"), "a/");
  EXPECT_EQ(topic_head("a/#"), "a/");
  EXPECT_EQ(topic_head("+/b"), "");
  EXPECT_EQ(topic_head("#"), "");
  EXPECT_EQ(topic_head("/+"), "/");
  EXPECT_EQ(topic_head("/"), "//");
}

}  // namespace
}  // namespace allauth
