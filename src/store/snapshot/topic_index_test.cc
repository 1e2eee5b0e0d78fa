#include "store/snapshot/topic_index.h"

#include <map>
#include <optional>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/mqtt/topic.h"

namespace allauth::store {
namespace {

using Kind = TopicMatch::Kind;
using Owners = std::map<NodeId, Topics>;

constexpr NodeId kDomain = 7;

TopicIndex make_index(const Owners& owners, NodeId domain = kDomain) {
  TopicIndex::Editor edit{TopicIndex()};
  for (const auto& [channel, topics] : owners) edit.assign(domain, channel, topics);
  return edit.freeze();
}

struct Case {
  std::string text;
  Kind kind;
  NodeId channel = kNoNode;
};

void expect_all(const TopicIndex& index, const std::vector<Case>& cases) {
  for (const auto& c : cases) {
    const auto match = index.find_all(kDomain, c.text);
    EXPECT_EQ(match.kind, c.kind) << c.text;
    EXPECT_EQ(match.channel, c.channel) << c.text;
  }
}

TEST(TopicIndex, FindsTheChannelOfATopic) {
  const auto index =
      make_index({{1, {"plants/+/temp/#"}}, {2, {"plants/+/hum", "plants"}}, {3, {"/", "a//b"}}});
  const auto channel = [&](std::string_view topic) { return index.find(kDomain, topic).channel; };
  EXPECT_EQ(channel("plants/rose/temp"), 1) << "a/# matches a as well";
  EXPECT_EQ(channel("plants/rose/temp/now/here"), 1);
  EXPECT_EQ(channel("plants//temp"), 1);
  EXPECT_EQ(channel("plants/rose/hum"), 2);
  EXPECT_EQ(channel("plants"), 2);
  EXPECT_EQ(channel("/"), 3);
  EXPECT_EQ(channel("a//b"), 3);
  for (const auto* topic : {"plants/", "plants/rose", "plants/rose/hum/x", "a/b", "a//b/", "x", "//"})
    EXPECT_EQ(channel(topic), kNoNode) << topic;
  EXPECT_EQ(index.find(kDomain + 1, "plants").kind, Kind::none) << "another domain";
  EXPECT_EQ(index.find(kNoNode, "plants").kind, Kind::none);
}

TEST(TopicIndex, TellsWhetherAFilterIsWithinOneChannel) {
  expect_all(
      make_index({{1, {"plants/+/temp/#", "plants/+/hum"}}, {2, {"a", "a/+", "a/+/+/#"}}, {3, {"b/c"}}}),
      {{"plants/+/temp/#", Kind::one, 1},
       {"plants/+/temp/+", Kind::one, 1},
       {"plants/x/temp", Kind::one, 1},
       {"plants/+/hum", Kind::one, 1},
       {"plants/+/hum/#", Kind::many},
       {"plants/#", Kind::many},
       {"plants/+/+", Kind::none},
       {"a/#", Kind::one, 2},
       {"a/+/#", Kind::one, 2},
       {"b/+", Kind::none},
       {"b/c/#", Kind::many},
       {"#", Kind::none},
       {"+/#", Kind::none}});
}

TEST(TopicIndex, HasDomainsOfOneChannel) {
  expect_all(make_index({{1, {"#"}}}),
             {{"#", Kind::one, 1}, {"+/#", Kind::one, 1}, {"a/+/b", Kind::one, 1}, {"/", Kind::one, 1}});
  expect_all(make_index({{1, {"+/#"}}}), {{"#", Kind::one, 1}, {"+", Kind::one, 1}, {"/#", Kind::one, 1}});
  expect_all(make_index({{1, {"/+/#"}}}), {{"/#", Kind::one, 1}, {"#", Kind::none}});
}

// As many "+" and names as there can be of each level: the search would go all ways.
TEST(TopicIndex, GivesUpWhatIsMadeToBeAmbiguous) {
  Owners owners;
  for (unsigned bits = 0; bits < 1u << 12; ++bits) {
    std::string filter;
    for (unsigned i = 0; i < 12; ++i) filter += (bits >> i & 1) != 0 ? "+/" : "a/";
    owners[bits] = {fmt::format("{}{}", filter, bits)};
  }
  const auto index = make_index(owners);
  EXPECT_EQ(index.find(kDomain, "a/a/a/a/a/a/a/a/a/a/a/a/none").kind, Kind::too_many);
  EXPECT_EQ(index.find_all(kDomain, "a/a/a/a/a/a/a/a/a/a/a/a/none/#").kind, Kind::too_many);
  EXPECT_EQ(index.find(kDomain, "a/a/a/a/a/a/a/a/a/a/a/a/0").kind, Kind::one);
  EXPECT_EQ(index.find(kDomain, "b/a").kind, Kind::none);
}

// All topics of up to five levels of a few names, of which "z" is in no filter.
std::vector<std::string> some_topics() {
  std::vector<std::string> topics;
  std::vector<std::string> last{""};
  for (int level = 0; level < 5; ++level) {
    std::vector<std::string> next;
    for (const auto& before : last)
      for (const auto* name : {"a", "b", "", "z"})
        next.push_back(level == 0 ? std::string(name) : before + "/" + name);
    last = next;
    for (const auto& topic : next)
      if (!topic.empty()) topics.push_back(topic);
  }
  return topics;
}

class RandomTopics {
 public:
  explicit RandomTopics(unsigned seed) : random_(seed) {}

  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::string filter() {
    if (pick(30) == 0) return "#";
    std::string text;
    for (int levels = 1 + pick(3), i = 0; i < levels; ++i) {
      if (i > 0) text += '/';
      text += std::array{"a", "b", "+", ""}[static_cast<std::size_t>(pick(4))];
    }
    if (pick(3) == 0) text += "/#";
    return text.empty() ? "a" : text;
  }
  // Of up to three filters, none of which overlaps with those of other channels.
  Topics topics(const Owners& owners, NodeId channel) {
    Topics made;
    for (int i = pick(4); i > 0; --i) {
      const auto fresh = filter();
      const bool taken = std::ranges::any_of(owners, [&](const auto& other) {
        return other.first != channel && std::ranges::any_of(other.second, [&](const auto& theirs) {
                 return mqtt::filters_overlap(fresh, theirs);
               });
      });
      if (!taken && std::ranges::find(made, fresh) == made.end()) made.push_back(fresh);
    }
    return made;
  }

 private:
  std::mt19937 random_;
};

// The channel whose filter matches the topic, as one would look for it with much time.
NodeId owner_of(const Owners& owners, const std::string& topic) {
  for (const auto& [channel, topics] : owners)
    for (const auto& filter : topics)
      if (mqtt::topic_matches(filter, topic)) return channel;
  return kNoNode;
}

// The one that has all topics that the filter matches; kNoNode: there is none.
NodeId owner_of_all(const Owners& owners, const std::vector<std::string>& topics, const std::string& filter) {
  std::optional<NodeId> owner;
  for (const auto& topic : topics) {
    if (!mqtt::topic_matches(filter, topic)) continue;
    const auto channel = owner_of(owners, topic);
    if (channel == kNoNode || owner.value_or(channel) != channel) return kNoNode;
    owner = channel;
  }
  return owner.value_or(kNoNode);
}

void expect_right(const TopicIndex& index, const Owners& owners, const std::vector<std::string>& topics,
                  RandomTopics& random) {
  for (int i = 0; i < 60; ++i) {
    const auto& topic = topics[static_cast<std::size_t>(random.pick(static_cast<int>(topics.size())))];
    ASSERT_EQ(index.find(kDomain, topic).channel, owner_of(owners, topic)) << topic;
  }
  for (int i = 0; i < 12; ++i) {
    const auto filter = random.filter();
    const auto match = index.find_all(kDomain, filter);
    ASSERT_EQ(match.channel, owner_of_all(owners, topics, filter)) << filter;
    ASSERT_EQ(match.kind == Kind::one, match.channel != kNoNode) << filter;
  }
}

TEST(TopicIndex, AnswersAsALookAtEachFilterWould) {
  const auto topics = some_topics();
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    RandomTopics random(seed);
    Owners owners;
    TopicIndex index;
    for (int step = 0; step < 40; ++step) {
      const auto channel = static_cast<NodeId>(1 + random.pick(5));
      const auto before = index;
      const auto owners_before = owners;
      TopicIndex::Editor edit(index);
      owners[channel] = random.topics(owners, channel);
      edit.assign(kDomain, channel, owners[channel]);
      index = edit.freeze();
      expect_right(index, owners, topics, random);
      expect_right(before, owners_before, topics, random);
    }
    TopicIndex::Editor edit(index);
    for (const auto& [channel, gone] : owners) edit.assign(kDomain, channel, {});
    EXPECT_EQ(edit.freeze().size(), 0u) << "nothing is left behind";
  }
}

TEST(TopicFilters, OverlapIfSomeTopicMatchesBoth) {
  const auto topics = some_topics();
  RandomTopics random(3);
  for (int i = 0; i < 1500; ++i) {
    const auto one = random.filter(), other = random.filter();
    const bool both = std::ranges::any_of(topics, [&](const auto& topic) {
      return mqtt::topic_matches(one, topic) && mqtt::topic_matches(other, topic);
    });
    ASSERT_EQ(mqtt::filters_overlap(one, other), both) << one << " and " << other;
  }
  EXPECT_FALSE(mqtt::filters_overlap("$SYS/a", "+/a"));
  EXPECT_FALSE(mqtt::filters_overlap("#", "$SYS/a"));
  EXPECT_TRUE(mqtt::filters_overlap("$SYS/#", "$SYS/a"));
}

}  // namespace
}  // namespace allauth::store
