#include <gtest/gtest.h>

#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

Subscribe subscribe(std::uint16_t id, std::vector<Subscription> entries) {
  return {.packet_id = id, .properties = {}, .entries = std::move(entries)};
}

TEST(SessionSubscribe, only_granted_filters_are_forwarded_and_positions_come_back) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.open();
    rig.send(subscribe(7, {{"a", 1}, {"no/b", 0}, {"name/#", 0}, {"err/x", 1}}));
    if (version == v4) {
      EXPECT_TRUE(rig.out.close_client);  // what cannot be decided cannot be said in 3.1.1
      continue;
    }
    EXPECT_EQ(rig.broker(), hex(bytes_of(subscribe(7, {{"a", 1}, {"id/#", 0}}), version)));
    EXPECT_EQ(rig.client(), "");
    rig.deliver(SubscribeAck{.packet_id = 7, .codes = std::string_view("\x01\x97", 2)});
    EXPECT_EQ(rig.client(),
              "9007000700"
              "01879783");
  }
}

TEST(SessionSubscribe, three_one_one_says_80) {
  Rig rig;
  rig.open();
  rig.send(subscribe(7, {{"a", 0}, {"no/b", 0}, {"c", 1}}));
  EXPECT_EQ(rig.broker(), hex(bytes_of(subscribe(7, {{"a", 0}, {"c", 1}}), v4)));
  rig.deliver(message("a"));  // may come before the SUBACK
  EXPECT_EQ(rig.client(), hex(bytes_of(message("a"), v4)));
  rig.from_broker(unhex("900400070001"));
  EXPECT_EQ(rig.client(), "90050007008001");
}

TEST(SessionSubscribe, nothing_granted_is_answered_here) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.open();
    rig.send(subscribe(7, {{"no/a", 0}, {"no/b", 0}}));
    EXPECT_EQ(rig.broker(), "");
    EXPECT_EQ(rig.client(), version == v4 ? "900400078080" : "90050007008787");
    EXPECT_EQ(rig.denials.size(), 2u);
  }
}

TEST(SessionSubscribe, QoS_2_is_lowered_and_options_and_properties_pass) {
  Rig rig(v5);
  rig.open();
  std::string properties;
  write_property(properties, {.id = PropertyId::subscription_id, .number = 5});
  auto request = subscribe(7, {{"a", 0x2E}, {"$share/g/b", 2}});
  request.properties = PropertyView::trusted(properties);
  rig.send(request);
  request.entries = {{"a", 0x2D}, {"$share/g/b", 1}};
  EXPECT_EQ(rig.broker(), hex(bytes_of(request, v5)));
}

TEST(SessionSubscribe, a_broker_that_answers_another_number_of_codes_is_not_believed) {
  for (const auto* suback : {"90040007"
                             "0101",
                             "90030007"
                             "01"}) {
    Rig rig;
    rig.open();
    rig.send(subscribe(7, {{"a", 0}, {"no/b", 0}, {"c", 1}, {"d", 1}}));
    rig.from_broker(unhex(suback));
    EXPECT_TRUE(rig.out.close_client) << suback;
    EXPECT_EQ(rig.client(), "");
  }
}

TEST(SessionSubscribe, limits) {
  SessionSettings settings;
  settings.limits.max_subscriptions = 2;
  settings.limits.max_pending_requests = 2;
  Rig rig(v5, std::move(settings));
  rig.open();
  rig.send(subscribe(1, {{"a", 0}, {"b", 0}}));
  rig.send(subscribe(2, {{"c", 0}}));
  EXPECT_EQ(rig.client(), "900400020097");
  rig.send(subscribe(3, {{"a", 1}}));  // known already
  EXPECT_FALSE(rig.out.close_client);
  rig.send(subscribe(4, {{"a", 1}}));
  EXPECT_EQ(rig.client(), "E00197");
}

TEST(SessionSubscribe, an_id_under_way_must_not_be_used_again) {
  Rig rig(v5);
  rig.open();
  rig.send(subscribe(1, {{"a", 0}}));
  rig.send(Unsubscribe{.packet_id = 1, .filters = {"a"}});
  EXPECT_EQ(rig.client(), "E00182");
}

TEST(SessionSubscribe, a_filter_that_the_broker_refused_is_forgotten) {
  Rig rig(v5);
  rig.open();
  rig.send(subscribe(1, {{"a", 0}}));
  rig.from_broker(
      unhex("9004000100"
            "97"));
  rig.broker();
  rig.policy.more.emplace("a", Verdict::deny("test.revoked"));
  ++rig.policy.revision;
  rig.pass(Millis(200));
  EXPECT_EQ(rig.broker(), "");
}

TEST(SessionUnsubscribe, is_always_forwarded_by_the_brokers_name) {
  Rig rig(v5);
  rig.open();
  rig.send(Unsubscribe{.packet_id = 3, .filters = {"no/a", "name/b"}});
  EXPECT_EQ(rig.broker(), hex(bytes_of(Unsubscribe{.packet_id = 3, .filters = {"no/a", "id/b"}}, v5)));
  rig.from_broker(
      unhex("B005000300"
            "1100"));
  EXPECT_EQ(rig.client(),
            "B005000300"
            "1100");
  rig.from_broker(
      unhex("B005000300"
            "1100"));  // not asked for
  EXPECT_EQ(rig.client(), "");
}

TEST(SessionRevocation, a_filter_no_longer_granted_is_unsubscribed_at_the_broker) {
  Rig rig;
  rig.open();
  rig.send(subscribe(1, {{"a/#", 0}, {"name/b", 0}, {"c", 0}}));
  rig.from_broker(unhex("90050001000000"));
  rig.out = {};
  rig.policy.more.emplace("a/#", Verdict::deny("test.revoked"));
  rig.policy.more.emplace("name/b", Verdict::deny("test.revoked"));
  rig.policy.more.emplace("c", Verdict::fail("test.err"));  // stays until it is decided
  ++rig.policy.revision;
  rig.pass(Millis(200));
  EXPECT_EQ(rig.broker(), hex(bytes_of(Unsubscribe{.packet_id = 65535, .filters = {"a/#", "id/b"}}, v4)));
  rig.from_broker(unhex("B002FFFF"));
  EXPECT_EQ(rig.client(), "");
  rig.pass(Millis(200));
  EXPECT_EQ(rig.broker(), "");
}

TEST(SessionRevocation, our_own_id_never_meets_one_of_the_client) {
  Rig rig;
  rig.open();
  rig.send(subscribe(1, {{"a", 0}}));
  rig.from_broker(unhex("9003000100"));
  rig.send(message("x", 65535));
  rig.out = {};
  rig.policy.more.emplace("a", Verdict::deny("test.revoked"));
  ++rig.policy.revision;
  rig.pass(Millis(200));
  EXPECT_EQ(rig.broker(), hex(bytes_of(Unsubscribe{.packet_id = 65534, .filters = {"a"}}, v4)));
  // The client may pick the same id meanwhile: it waits, and so does what follows.
  rig.send(message("y", 65534));
  rig.send(message("z"));
  EXPECT_EQ(rig.broker(), "");
  rig.from_broker(unhex("B002FFFE"));
  EXPECT_EQ(rig.broker(), hex(bytes_of(message("y", 65534), v4) + bytes_of(message("z"), v4)));
}

TEST(SessionRevocation, without_a_free_id_it_waits_for_one) {
  Rig rig;
  rig.open();
  rig.send(subscribe(1, {{"a", 0}}));
  rig.from_broker(unhex("9003000100"));
  for (unsigned id = 1; id <= 65535; ++id) rig.send(message("x", static_cast<std::uint16_t>(id)));
  rig.out = {};
  rig.policy.more.emplace("a", Verdict::deny("test.revoked"));
  rig.revise();
  EXPECT_EQ(rig.broker(), "");
  rig.from_broker(unhex("40020005"));
  rig.pass(Millis(200));
  EXPECT_EQ(rig.broker(), hex(bytes_of(Unsubscribe{.packet_id = 5, .filters = {"a"}}, v4)));
}

TEST(SessionRevocation, a_broker_that_does_not_answer_is_given_up) {
  for (const bool answers : {false, true}) {
    Rig rig(v5);
    auto connect = rig.connect_packet();
    connect.keep_alive = 0;
    rig.open(connect);
    rig.send(subscribe(1, {{"a", 0}}));
    rig.out = {};
    rig.policy.more.emplace("a", Verdict::deny("test.revoked"));
    rig.revise();
    rig.send(message("y", 65535));  // waits for our own request
    rig.pass(Millis(19'999));
    EXPECT_FALSE(rig.out.close_client);
    if (answers) rig.from_broker(unhex("B004FFFF0000"));
    rig.pass(Millis(1));
    EXPECT_EQ(rig.client(), answers ? "" : "E00180");
    EXPECT_EQ(rig.out.close_client, !answers);
  }
}

TEST(SessionRevocation, subscribing_again_in_time_keeps_the_subscription) {
  Rig rig;
  rig.open();
  std::vector<std::string> names;
  std::vector<Subscription> entries;
  for (int i = 0; i < 100; ++i) names.push_back(fmt::format("f/{}/{}", i, std::string(60, 'x')));
  for (const auto& name : names) entries.push_back({name, 0});
  rig.send(subscribe(1, entries));
  rig.out = {};
  for (const auto& name : names) rig.policy.more.emplace(name, Verdict::deny("test.revoked"));
  ++rig.policy.revision;
  rig.pass(Millis(200));
  const auto first = rig.broker();
  EXPECT_EQ(first.find(hex(names.back())), std::string::npos);  // one request at a time
  rig.policy.more.clear();
  ++rig.policy.revision;
  std::vector<std::string> all = names;
  std::ranges::sort(all);
  rig.send(subscribe(2, {{all.back(), 0}}));
  rig.broker();
  rig.from_broker(unhex("B002FFFF"));
  EXPECT_EQ(rig.broker().find(hex(all.back())), std::string::npos);
}

}  // namespace
}  // namespace allauth::mqtt
