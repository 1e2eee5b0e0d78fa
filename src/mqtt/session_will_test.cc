// A will is the broker's to publish: it must not outlive the right to it.
#include <gtest/gtest.h>

#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

Connect with_will(const Rig& rig, std::string_view topic) {
  auto connect = rig.connect_packet();
  connect.will = Will{.retain = true, .topic = topic, .payload = "gone"};
  return connect;
}

TEST(SessionWill, one_that_is_no_longer_granted_is_discarded_with_its_client) {
  for (const auto version : {v4, v5}) {
    for (const bool moved : {false, true}) {
      Rig rig(version);
      rig.open(with_will(rig, "name/w"));
      if (moved)
        rig.policy.names.emplace("name/w", "id/other");
      else
        rig.policy.more.emplace("name/w", Verdict::deny("test.revoked"));
      rig.revise();
      EXPECT_EQ(rig.broker(), "E000");
      EXPECT_EQ(rig.client(), version == v4 ? "" : "E00187");
      EXPECT_TRUE(rig.out.close_client && rig.out.close_broker);
      EXPECT_EQ(rig.metric("allauth_mqtt_kicks_total"), 1);
      ASSERT_EQ(rig.denials.size(), 1u);
      EXPECT_EQ(rig.denials[0], moved ? "will name/w will.moved" : "will name/w test.revoked");
    }
  }
}

TEST(SessionWill, one_that_is_still_granted_or_undecided_stays) {
  for (const bool undecided : {false, true}) {
    for (const auto* topic : {"name/w", "w"}) {
      Rig rig(v5);
      rig.open(with_will(rig, topic));
      const auto asked = rig.policy.asked;
      if (undecided) rig.policy.more.emplace(topic, Verdict::fail("test.err"));
      rig.revise();
      EXPECT_EQ(rig.policy.asked, asked + 1);
      EXPECT_EQ(rig.broker() + rig.client(), "");
      EXPECT_FALSE(rig.out.close_client);
      rig.pass(Millis(200));
      EXPECT_EQ(rig.policy.asked, asked + 1);  // once per revision
    }
  }
}

TEST(SessionWill, a_change_between_verdict_and_connack_is_not_missed) {
  Rig rig(v5);
  rig.send(with_will(rig, "w"));
  rig.accept();
  ++rig.policy.revision;
  rig.policy.more.emplace("w", Verdict::deny("test.revoked"));
  rig.session->broker_connected(rig.now, rig.out);
  rig.deliver(Connack{});
  rig.out = {};
  rig.pass(Millis(200));
  EXPECT_EQ(rig.broker(), "E000");
  EXPECT_EQ(rig.client(), "E00187");
}

TEST(SessionWill, its_delay_is_cut_and_its_other_properties_pass) {
  for (const auto& [asked, given] : {std::pair(3600u, 60u), std::pair(5u, 5u)}) {
    Rig rig(v5);
    std::string properties;
    write_property(properties, {.id = PropertyId::will_delay, .number = asked});
    write_property(properties, {.id = PropertyId::content_type, .text = "t"});
    auto connect = with_will(rig, "w");
    connect.will->properties = PropertyView::trusted(properties);
    rig.send(connect);
    rig.accept();
    rig.session->broker_connected(rig.now, rig.out);
    const auto sent = unhex(rig.broker());
    const auto upstream = decode_connect(**find_frame(sent, 10000));
    ASSERT_TRUE(upstream && upstream->will);
    EXPECT_EQ(upstream->will->properties.find(PropertyId::will_delay)->number, given);
    EXPECT_EQ(upstream->will->properties.find(PropertyId::content_type)->text, "t");
  }
}

}  // namespace
}  // namespace allauth::mqtt
