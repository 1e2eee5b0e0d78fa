// What is asked besides a topic: QoS, retain and user properties, and what comes of it.
#include <gtest/gtest.h>

#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

std::string user_properties(std::size_t count, std::string_view name = "pass") {
  std::string block;
  for (std::size_t i = 0; i < count; ++i)
    write_property(block, {.id = PropertyId::user_property, .text = name, .value = "1"});
  return block;
}

Subscribe subscribe(std::vector<Subscription> entries, std::string_view properties = {}) {
  return {.packet_id = 7, .properties = PropertyView::trusted(properties), .entries = std::move(entries)};
}

TEST(SessionAsked, a_message_of_too_high_a_qos_is_refused) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.policy.most_qos["low"] = 0;
    rig.open();
    for (int i = 0; i < 2; ++i) {
      rig.send(message("low", 7));
      EXPECT_EQ(rig.broker(), "");
      EXPECT_EQ(rig.client(), version == v4 ? "40020007" : "4003000787");
      rig.send(message("low"));
      EXPECT_EQ(rig.broker(), hex(bytes_of(message("low"), version))) << "whatever was answered before";
    }
    EXPECT_EQ(rig.denials, std::vector<std::string>(2, "publish low test.qos"));
  }
}

TEST(SessionAsked, subscriptions_are_lowered_to_the_granted_qos) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.policy.most_qos["low"] = 0;
    rig.open();
    rig.send(subscribe({{"low", 1}, {"a", 1}, {"low", 2}, {"a", 2}, {"low", 0}}));
    EXPECT_EQ(rig.broker(),
              hex(bytes_of(subscribe({{"low", 0}, {"a", 1}, {"low", 0}, {"a", 1}, {"low", 0}}), version)));
  }
}

TEST(SessionAsked, deliveries_are_lowered_and_acknowledged_for_the_client) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.policy.most_qos["low"] = 0;
    rig.open();
    rig.deliver(message("low", 5));
    EXPECT_EQ(rig.client(), hex(bytes_of(message("low"), version)));
    EXPECT_EQ(rig.broker(), "40020005");
    rig.deliver(message("a", 6));
    EXPECT_EQ(rig.client(), hex(bytes_of(message("a", 6), version)));
    EXPECT_EQ(rig.broker(), "");
    // Acknowledgements keep the order of the messages.
    rig.deliver(message("low", 7));
    EXPECT_EQ(rig.broker(), "");
    rig.from_client(unhex("40020006"));
    EXPECT_EQ(rig.broker(), "4002000640020007");
  }
}

TEST(SessionAsked, the_qos_of_live_subscriptions_follows_the_policy) {
  Rig rig(v5);
  rig.open();
  rig.send(subscribe({{"low", 1}}));
  rig.from_broker(unhex("900400070001"));
  rig.out = {};
  rig.policy.most_qos["low"] = 0;
  rig.revise();
  EXPECT_EQ(rig.broker(), "") << "it goes on";
  rig.deliver(message("low", 5));
  EXPECT_EQ(rig.client(), hex(bytes_of(message("low"), v5)));
}

TEST(SessionAsked, an_answer_that_depended_on_retain_or_properties_is_not_taken_for_others) {
  Rig rig(v5);
  rig.policy.unkept.insert("unkept");
  rig.policy.picky.insert("picky");
  rig.open();
  auto retained = message("unkept");
  retained.retain = true;
  const auto block = user_properties(1);
  auto passing = message("picky");
  passing.properties = PropertyView::trusted(block);
  for (int i = 0; i < 2; ++i) {
    rig.send(message("unkept"));
    rig.send(passing);
    EXPECT_NE(rig.broker(), "");
    rig.send(retained);
    rig.send(message("picky"));
    EXPECT_EQ(rig.broker(), "");
  }
  rig.deliver(passing);
  EXPECT_NE(rig.client(), "");
  rig.deliver(message("picky"));
  EXPECT_EQ(rig.client(), "");
}

TEST(SessionAsked, subscriptions_are_asked_again_with_what_their_answer_depended_on) {
  Rig rig(v5);
  rig.policy.picky.insert("picky");
  rig.open();
  const auto block = user_properties(1), other = user_properties(1, "other");
  rig.send(subscribe({{"picky", 0}}, block));
  rig.from_broker(unhex("900400070000"));
  rig.out = {};
  rig.revise();
  EXPECT_EQ(rig.broker(), "");
  rig.send(subscribe({{"picky", 0}}, other));
  EXPECT_EQ(rig.client(),
            "90040007"
            "0087");
  rig.policy.more.emplace("picky", Verdict::deny("test.revoked"));
  rig.revise();
  EXPECT_NE(rig.broker(), "");
}

TEST(SessionAsked, more_user_properties_than_a_decision_looks_at_are_refused) {
  const auto most = SessionLimits().max_user_properties;
  const auto few = user_properties(most), many = user_properties(most + 1);
  Rig rig(v5);
  rig.open();
  auto publish = message("a", 7);
  publish.properties = PropertyView::trusted(few);
  rig.send(publish);
  EXPECT_NE(rig.broker(), "");
  rig.from_broker(unhex("40020007"));
  rig.out = {};
  publish.properties = PropertyView::trusted(many);
  rig.send(publish);
  EXPECT_EQ(rig.broker(), "");
  EXPECT_EQ(rig.client(), "4003000797") << "though the topic was granted before";
  rig.deliver(publish);
  EXPECT_EQ(rig.client(), "");
  rig.out = {};
  rig.send(subscribe({{"a", 0}}, many));
  EXPECT_EQ(rig.client(), "E00197");
  EXPECT_TRUE(rig.out.close_client);
}

TEST(SessionAsked, a_connect_says_its_properties_and_is_given_others_for_the_broker) {
  Rig rig(v5);
  auto connect = rig.connect_packet();
  auto block = user_properties(1, "mine");
  write_property(block, {.id = PropertyId::user_property, .text = "plan", .value = "forged"});
  connect.properties = PropertyView::trusted(block);
  rig.send(connect);
  ASSERT_TRUE(rig.out.authenticate);
  EXPECT_EQ(rig.out.authenticate->properties, (std::vector<NamedValue>{{"mine", "1"}, {"plan", "forged"}}));
  Accepted accepted{.guard = std::make_unique<ScriptedGuard>(rig.policy), .broker_client_id = "b1"};
  accepted.properties = {{"plan", "basic"}};
  rig.session->connect_outcome(std::move(accepted), rig.now, rig.out);
  rig.session->broker_connected(rig.now, rig.out);
  const auto sent = unhex(rig.broker());
  const auto decoded = decode_connect(**find_frame(sent, 10000));
  ASSERT_TRUE(decoded);
  std::vector<NamedValue> told;
  for (const auto& property : decoded->properties)
    if (property.id == PropertyId::user_property) told.emplace_back(property.text, property.value);
  EXPECT_EQ(told, (std::vector<NamedValue>{{"mine", "1"}, {"plan", "basic"}}));
}

TEST(SessionAsked, a_connect_with_too_many_properties_is_refused) {
  const auto many = user_properties(SessionLimits().max_user_properties + 1);
  for (const bool of_will : {false, true}) {
    Rig rig(v5);
    auto connect = rig.connect_packet();
    connect.will = Will{.topic = "w", .payload = "x"};
    (of_will ? connect.will->properties : connect.properties) = PropertyView::trusted(many);
    rig.send(connect);
    EXPECT_FALSE(rig.out.authenticate);
    EXPECT_EQ(rig.client(), "2003009700");
  }
}

TEST(SessionAsked, a_will_of_too_high_a_qos_is_refused_as_such) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.policy.most_qos["low"] = 0;
    auto connect = rig.connect_packet();
    connect.will = Will{.qos = QoS::at_least_once, .topic = "low", .payload = "x"};
    rig.send(connect);
    rig.accept();
    EXPECT_EQ(rig.client(), version == v4 ? "20020005" : "2003009B00");
    EXPECT_FALSE(rig.out.dial);
  }
}

}  // namespace
}  // namespace allauth::mqtt
