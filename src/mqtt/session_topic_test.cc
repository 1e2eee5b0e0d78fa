// Topics and filters that are passed on to nobody, whatever the Guard says.
#include <gtest/gtest.h>

#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

SessionSettings short_topics() {
  SessionSettings settings;
  settings.limits.max_topic_bytes = 16;
  return settings;
}

struct ImpossibleTopic {
  const char* name;
  std::string topic;
  std::string becomes;  // as the broker knows it
  const char* reason;
};

const std::vector<ImpossibleTopic>& impossible_topics() {
  static const auto* const rows = new std::vector<ImpossibleTopic>{
      {"long", std::string(17, 'a'), {}, "topic.too_long"},
      {"as long as can be said", std::string(65535, 'a'), {}, "topic.too_long"},
      {"long by this name alone", std::string(17, 'a'), "b", "topic.too_long"},
      {"long by its other name", "a", std::string(17, 'a'), "topic.too_long"},
      {"longer than a packet can say", "a", std::string(65536, 'a'), "topic.too_long"},
      {"shared", "$share/g/a", {}, "topic.shared"},
  };
  return *rows;
}

TEST(SessionTopic, an_impossible_one_is_not_published) {
  for (const auto& row : impossible_topics()) {
    for (const auto version : {v4, v5}) {
      Rig rig(version, short_topics());
      if (!row.becomes.empty()) rig.policy.names.emplace(row.topic, row.becomes);
      rig.open();
      for (int i = 0; i < 2; ++i) {  // whatever is remembered of it
        rig.send(message(row.topic));
        rig.send(message(row.topic, 7));
        EXPECT_EQ(rig.client(), version == v4 ? "40020007" : "4003000790") << row.name;
        EXPECT_EQ(rig.broker(), "") << row.name;
      }
      EXPECT_FALSE(rig.out.close_client);
      ASSERT_EQ(rig.denials.size(), 4u);
      EXPECT_EQ(rig.denials[0], fmt::format("publish {} {}", row.topic.substr(0, 16), row.reason));
      rig.send(message(std::string(16, 'b')));
      EXPECT_EQ(rig.broker(), hex(bytes_of(message(std::string(16, 'b')), version)));
    }
  }
}

TEST(SessionTopic, no_limit_lets_more_pass_than_a_packet_can_say) {
  SessionSettings settings;
  settings.limits.max_topic_bytes = 1'000'000;
  Rig rig(v5, std::move(settings));
  rig.policy.names = {{"a", std::string(65536, 'x')}, {"b", std::string(65535, 'x')}};
  rig.open();
  rig.send(message("a", 7));
  rig.send(Unsubscribe{.packet_id = 8, .filters = {"a"}});
  EXPECT_EQ(rig.broker(), "");
  EXPECT_EQ(rig.client(),
            "4003000790"
            "B0040008008F");
  rig.send(message("b"));
  EXPECT_EQ(rig.broker(), hex(bytes_of(message(std::string(65535, 'x')), v5)));
}

TEST(SessionTopic, an_impossible_will_is_refused) {
  for (const auto& row : impossible_topics()) {
    for (const auto version : {v4, v5}) {
      Rig rig(version, short_topics());
      if (!row.becomes.empty()) rig.policy.names.emplace(row.topic, row.becomes);
      auto connect = rig.connect_packet();
      connect.will = Will{.topic = row.topic, .payload = "gone"};
      rig.send(connect);
      rig.accept();
      EXPECT_EQ(rig.client(), version == v4 ? "20020005" : "2003008700") << row.name;
      EXPECT_FALSE(rig.out.dial);
      ASSERT_EQ(rig.denials.size(), 1u);
      EXPECT_TRUE(rig.denials[0].ends_with(row.reason)) << rig.denials[0];
    }
  }
}

TEST(SessionTopic, an_impossible_filter_is_refused_among_possible_ones) {
  for (const auto& row : impossible_topics()) {
    if (row.topic.starts_with('$')) continue;
    for (const auto version : {v4, v5}) {
      Rig rig(version, short_topics());
      if (!row.becomes.empty()) rig.policy.names.emplace(row.topic, row.becomes);
      rig.open();
      rig.send(Subscribe{.packet_id = 7, .entries = {{row.topic, 0}, {"b", 1}}});
      EXPECT_EQ(rig.broker(), hex(bytes_of(Subscribe{.packet_id = 7, .entries = {{"b", 1}}}, version)));
      rig.deliver(SubscribeAck{.packet_id = 7, .codes = "\x01"});
      EXPECT_EQ(rig.client(), version == v4 ? "900400078001" : "90050007008F01") << row.name;
      // Nor can it be unsubscribed, which is not said to the broker either.
      rig.send(Unsubscribe{.packet_id = 8, .filters = {row.topic}});
      EXPECT_EQ(rig.broker(), "") << row.name;
      EXPECT_EQ(rig.client(), version == v4 ? "B0020008" : "B0040008008F") << row.name;
    }
  }
}

TEST(SessionTopic, one_too_long_by_the_clients_name_is_not_delivered_and_acknowledged) {
  Rig rig(v5, short_topics());
  rig.open();
  rig.send(Subscribe{.packet_id = 1, .entries = {{"name/#", 1}}});
  rig.out = {};
  const std::string longest = "id/" + std::string(13, 'x');
  rig.deliver(message(longest, 7));
  EXPECT_EQ(rig.client(), "");
  EXPECT_EQ(rig.broker(), "40020007");
}

TEST(SessionTopic, an_impossible_one_is_not_delivered_and_acknowledged) {
  for (const auto& row : impossible_topics()) {
    if (!row.becomes.empty()) continue;
    Rig rig(v5, short_topics());
    rig.open();
    for (int i = 0; i < 2; ++i) {
      rig.deliver(message(row.topic));
      rig.deliver(message(row.topic, 7));
      EXPECT_EQ(rig.client(), "") << row.name;
      EXPECT_EQ(rig.broker(), "40020007") << row.name;
    }
    ASSERT_EQ(rig.denials.size(), 4u);
    EXPECT_TRUE(rig.denials[0].ends_with(row.reason)) << rig.denials[0];
  }
}

TEST(SessionTopic, a_broker_client_id_that_fits_no_packet_is_refused) {
  for (const bool assigned : {false, true}) {
    for (const std::size_t size : {65535u, 65536u}) {
      Rig rig(v5);
      rig.send(Connect{.version = v5});
      Accepted accepted{.guard = std::make_unique<ScriptedGuard>(rig.policy), .broker_client_id = "b"};
      (assigned ? accepted.assigned_client_id : accepted.broker_client_id) = std::string(size, 'x');
      rig.session->connect_outcome(std::move(accepted), rig.now, rig.out);
      EXPECT_EQ(rig.client(), size == 65535 ? "" : "2003008500");
      EXPECT_EQ(rig.out.dial, size == 65535);
    }
  }
}

TEST(SessionTopic, packets_that_the_broker_said_it_does_not_take_are_not_sent_to_it) {
  const std::string longer(60, 'x');
  for (const bool unsubscribe : {false, true}) {
    Rig rig(v5);
    rig.open_with_broker_limit(50);
    if (unsubscribe)
      rig.send(Unsubscribe{.packet_id = 1, .filters = {longer}});
    else
      rig.send(Subscribe{.packet_id = 1, .entries = {{longer, 0}}});
    EXPECT_EQ(rig.client(), "E00195");
    EXPECT_EQ(rig.broker(), "");
  }
}

TEST(SessionTopic, names_that_make_a_subscribe_too_large_for_the_broker_are_over_quota) {
  Rig rig(v5);
  const std::string one(30, 'x'), two(30, 'y');
  rig.policy.names = {{"1", one}, {"2", two}};
  rig.open_with_broker_limit(50);
  rig.send(Subscribe{.packet_id = 7, .entries = {{"1", 0}, {"no/a", 0}, {"2", 0}}});
  EXPECT_EQ(rig.broker(), "");
  EXPECT_EQ(rig.client(), "9006000700978797");
  rig.policy.names.clear();
  rig.revise();
  EXPECT_EQ(rig.broker(), "");  // nothing of it was remembered
  rig.policy.names = {{"1", one}, {"2", two}};
  rig.send(Subscribe{.packet_id = 8, .entries = {{"1", 0}}});
  EXPECT_EQ(rig.broker(), hex(bytes_of(Subscribe{.packet_id = 8, .entries = {{one, 0}}}, v5)));
}

TEST(SessionTopic, names_that_make_an_unsubscribe_too_large_for_the_broker_go_in_parts) {
  Rig rig(v5);
  const std::string one(30, 'x'), two(30, 'y');
  rig.policy.names = {{"1", one}, {"2", two}};
  rig.open_with_broker_limit(50);
  rig.send(Unsubscribe{.packet_id = 7, .filters = {"1", "2"}});
  EXPECT_EQ(rig.broker(), "");
  EXPECT_EQ(rig.client(), "B0050007000000");
  rig.pass(Millis(200));
  EXPECT_EQ(rig.broker(), hex(bytes_of(Unsubscribe{.packet_id = 65535, .filters = {one}}, v5)));
  rig.from_broker(unhex("B004FFFF0000"));
  EXPECT_EQ(rig.broker(), hex(bytes_of(Unsubscribe{.packet_id = 65535, .filters = {two}}, v5)));
  EXPECT_EQ(rig.client(), "");
}

}  // namespace
}  // namespace allauth::mqtt
