#include "codec/mqtt/topic.h"

#include <gtest/gtest.h>

#include "codec/mqtt/suite_files.h"

namespace allauth::mqtt {
namespace {

TEST(Topic, names) {
  for (const auto* good : {"a", "/", "a/b", "$SYS/x", " ", "//"}) EXPECT_TRUE(is_topic_name(good)) << good;
  for (const auto* bad : {"", "a/+", "#", "a#b"}) EXPECT_FALSE(is_topic_name(bad)) << bad;
  EXPECT_FALSE(is_topic_name(std::string(65536, 'a')));
  EXPECT_FALSE(is_topic_name(std::string_view("a\0b", 3)));
}

TEST(Topic, shared_filters) {
  const auto shared = parse_shared("$share/g//x");
  ASSERT_TRUE(shared);
  EXPECT_EQ(shared->group, "g");
  EXPECT_EQ(shared->filter, "/x");
  for (const auto* bad :
       {"$share", "$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/g/a#"})
    EXPECT_FALSE(parse_shared(bad)) << bad;
  for (const auto* bad : {"$share/", "$share/g", "$share/g/", "$share//a"})
    EXPECT_FALSE(is_topic_filter(bad)) << bad;
  EXPECT_EQ(effective_filter("$share/g/a/#"), "a/#");
  EXPECT_EQ(effective_filter("a/#"), "a/#");
}

TEST(Topic, a_wildcard_in_front_does_not_reach_dollar_topics) {
  EXPECT_FALSE(topic_matches("#", "$SYS/a"));
  EXPECT_FALSE(topic_matches("+/a", "$SYS/a"));
  EXPECT_TRUE(topic_matches("$SYS/#", "$SYS/a"));
  EXPECT_FALSE(filter_contains("#", "$SYS/#"));
  EXPECT_TRUE(filter_contains("$SYS/#", "$SYS/+"));
}

std::string text_of(const boost::json::object& c) {
  if (const auto* text = c.if_contains("text")) return std::string(text->as_string());
  const auto& repeat = c.at("repeat").as_object();
  std::string out;
  for (std::int64_t i = 0; i < repeat.at("count").as_int64(); ++i) out += repeat.at("text").as_string();
  return out;
}

class TopicSuite : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = find_suite("mqtt-topics");
    if (!folder_) GTEST_SKIP() << "the suite mqtt-topics is absent";
  }
  boost::json::array cases(const char* file) { return read_json(*folder_ / file).at("cases").as_array(); }
  std::optional<std::filesystem::path> folder_;
};

TEST_F(TopicSuite, validity) {
  int checked = 0;
  for (const auto& value : cases("validity.json")) {
    const auto& c = value.as_object();
    if (!c.at("valid").is_bool()) continue;
    const auto text = text_of(c);
    const bool valid = c.at("kind").as_string() == "filter" ? is_topic_filter(text) : is_topic_name(text);
    EXPECT_EQ(valid, c.at("valid").as_bool()) << c.at("id").as_string();
    ++checked;
  }
  EXPECT_GE(checked, 28);
}

TEST_F(TopicSuite, matches) {
  int checked = 0;
  for (const auto& value : cases("matches.json")) {
    const auto& c = value.as_object();
    const auto filter = effective_filter(std::string_view(c.at("filter").as_string()));
    EXPECT_EQ(topic_matches(filter, c.at("topic").as_string()), c.at("matches").as_bool())
        << c.at("id").as_string();
    ++checked;
  }
  EXPECT_GE(checked, 64);
}

TEST_F(TopicSuite, contains) {
  int checked = 0;
  for (const auto& value : cases("contains.json")) {
    const auto& c = value.as_object();
    EXPECT_EQ(filter_contains(c.at("acl_filter").as_string(), c.at("sub_filter").as_string()),
              c.at("contains").as_bool())
        << c.at("id").as_string();
    ++checked;
  }
  EXPECT_GE(checked, 65);
}

// Containment is what it says: over all short topics and filters of a small alphabet.
TEST(Topic, containment_agrees_with_enumeration) {
  const std::vector<std::string> words = {"", "a", "b", "$s"};
  std::vector<std::string> topics, filters;
  for (const auto& one : words) {
    topics.push_back(one);
    for (const auto& two : words) {
      topics.push_back(one + "/" + two);
      for (const auto& three : words) topics.push_back(one + "/" + two + "/" + three);
    }
  }
  std::erase(topics, "");
  const std::vector<std::string> parts = {"", "a", "$s", "+"};
  for (const auto& one : parts) {
    filters.push_back(one);
    filters.push_back(one + "/#");
    for (const auto& two : parts) {
      filters.push_back(one + "/" + two);
      filters.push_back(one + "/" + two + "/#");
    }
  }
  filters.push_back("#");
  std::erase(filters, "");
  for (const auto& outer : filters) {
    for (const auto& inner : filters) {
      const bool contains = std::ranges::all_of(topics, [&](const auto& topic) {
        return !topic_matches(inner, topic) || topic_matches(outer, topic);
      });
      EXPECT_EQ(filter_contains(outer, inner), contains) << outer << " contains " << inner;
    }
  }
}

}  // namespace
}  // namespace allauth::mqtt
