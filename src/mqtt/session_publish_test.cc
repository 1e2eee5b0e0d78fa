#include <gtest/gtest.h>

#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

TEST(SessionPublish, a_granted_message_passes_byte_for_byte) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.open();
    std::string properties;
    write_property(properties, {.id = PropertyId::user_property, .text = "k", .value = "v"});
    auto publish = message("a/b", 7);
    publish.dup = true;
    publish.retain = true;
    publish.properties = PropertyView::trusted(properties);
    rig.send(publish);
    EXPECT_EQ(rig.broker(), hex(bytes_of(publish, version)));
    rig.from_broker(unhex("40020007"));
    EXPECT_EQ(rig.client(), "40020007");
  }
}

TEST(SessionPublish, the_answer_is_asked_for_once_per_revision) {
  Rig rig;
  rig.open();
  for (int i = 0; i < 3; ++i) rig.send(message("a"));
  EXPECT_EQ(rig.policy.asked, 1);
  auto retained = message("a");
  retained.retain = true;
  rig.send(retained);
  rig.send(message("a", 7));
  EXPECT_EQ(rig.policy.asked, 1) << "it did not depend on that";
  rig.send(message("b"));
  EXPECT_EQ(rig.policy.asked, 2);
  ++rig.policy.revision;
  rig.policy.more.emplace("a", Verdict::deny("test.revoked"));
  rig.broker();
  rig.send(message("a"));
  EXPECT_EQ(rig.policy.asked, 3);
  EXPECT_EQ(rig.broker(), "");
}

struct DeniedRow {
  Version version;
  const char* topic;
  std::uint16_t id;
  const char* answer;
  bool closes;
};

TEST(SessionPublish, a_denied_message_never_reaches_the_broker) {
  const DeniedRow rows[] = {
      {v4, "no/a", 0, "", false},         {v5, "no/a", 0, "", false},
      {v4, "no/a", 7, "40020007", false}, {v5, "no/a", 7, "4003000787", false},
      {v4, "err/a", 0, "", true},         {v5, "err/a", 0, "", false},
      {v4, "err/a", 7, "", true},         {v5, "err/a", 7, "4003000783", false},
  };
  for (const auto& row : rows) {
    Rig rig(row.version);
    rig.open();
    rig.send(message(row.topic, row.id));
    EXPECT_EQ(rig.client(), row.answer) << row.topic << row.id;
    EXPECT_EQ(rig.broker(), "");
    EXPECT_EQ(rig.out.close_client, row.closes);
    ASSERT_EQ(rig.denials.size(), 1u);
    EXPECT_TRUE(rig.denials[0].starts_with("publish ")) << rig.denials[0];
    if (row.closes) continue;
    rig.send(message("a", 8));
    EXPECT_EQ(rig.broker(), hex(bytes_of(message("a", 8), row.version)));
  }
}

TEST(SessionPublish, acknowledgements_keep_the_order_of_the_messages) {
  Rig rig(v5);
  rig.open();
  rig.send(message("a", 1));
  rig.send(message("no/a", 2));
  rig.send(message("a", 3));
  rig.send(message("no/a", 4));
  EXPECT_EQ(rig.client(), "");
  rig.from_broker(unhex("40020003"));  // a broker out of order does not change ours
  EXPECT_EQ(rig.client(), "");
  rig.from_broker(unhex("4003000110"));
  EXPECT_EQ(rig.client(),
            "4003000110"
            "4003000287"
            "40020003"
            "4003000487");
  rig.from_broker(unhex("40020001"));  // nothing waits for it any more
  EXPECT_EQ(rig.client(), "");
}

TEST(SessionPublish, a_topic_is_renamed_for_the_broker) {
  Rig rig(v5);
  rig.open();
  std::string properties;
  write_property(properties, {.id = PropertyId::content_type, .text = "t"});
  auto publish = message("name/x", 9);
  publish.properties = PropertyView::trusted(properties);
  rig.send(publish);
  auto renamed = publish;
  renamed.topic = "id/x";
  EXPECT_EQ(rig.broker(), hex(bytes_of(renamed, v5)));
}

TEST(SessionPublish, a_name_that_makes_it_too_large_for_the_broker_is_over_quota) {
  Rig rig(v5);
  rig.policy.names.emplace("a", std::string(100, 'x'));
  rig.open_with_broker_limit(50);
  rig.send(message("a", 7));
  EXPECT_EQ(rig.client(), "4003000797");
  EXPECT_EQ(rig.broker(), "");
  rig.send(message("a", 8, std::string(60, 'x')));  // announced in the CONNACK
  EXPECT_EQ(rig.client(), "E00195");
}

struct UnsupportedRow {
  const char* name;
  Version version;
  const char* bytes;
  const char* answer;
};

TEST(SessionPublish, what_is_not_supported_or_not_legal_is_refused) {
  const UnsupportedRow rows[] = {
      {"QoS 2", v4,
       "3405000161"
       "0001",
       ""},
      {"QoS 2", v5,
       "3406000161"
       "000100",
       "E0019B"},
      {"alias", v5,
       "30070001610323"
       "0001",
       "E00194"},
      {"alias alone", v5,
       "300600000323"
       "0001",
       "E00194"},
      {"PUBREL", v4, "62020001", ""},
      {"PUBREL", v5, "62020001", "E0019B"},
      {"broken PUBREL", v5, "60020001", "E00181"},
      {"AUTH", v5,
       "F0061804150001"
       "6D",
       "E00182"},
      {"AUTH", v4, "F000", ""},
      {"second CONNECT", v4, "100D00044D51545404020000000161", ""},
      {"second CONNECT", v5, "100E00044D5154540502000000000161", "E00182"},
      {"CONNACK", v5, "2003000000", "E00182"},
      {"PINGRESP", v5, "D000", "E00182"},
      {"QoS 3", v5,
       "3606000161"
       "000100",
       "E00181"},
      {"wildcard", v5, "300400012B00", "E00190"},
      {"subscription id from a client", v5,
       "30060001610"
       "20B01",
       "E00182"},
      {"padded length", v5,
       "308400000161"
       "00",
       "E00181"},
      {"reserved type", v5, "0000", "E00181"},
      {"endless length", v5, "30FFFFFFFF01", "E00181"},
      {"too large", v5, "30FFFFFF7F", "E00195"},
      {"too large", v4, "30FFFFFF7F", ""},
      {"PINGREQ with a body", v5, "C00100", "E00181"},
  };
  for (const auto& row : rows) {
    Rig rig(row.version);
    rig.open();
    rig.from_client(unhex(row.bytes));
    EXPECT_EQ(rig.client(), row.answer) << row.name;
    EXPECT_EQ(rig.broker(), "") << row.name;
    EXPECT_TRUE(rig.out.close_client && rig.out.close_broker) << row.name;
    EXPECT_EQ(rig.metric("allauth_mqtt_protocol_errors_total"), 1) << row.name;
  }
}

TEST(SessionPublish, more_than_the_receive_maximum_is_refused) {
  SessionSettings settings;
  settings.limits.receive_maximum = 2;
  Rig rig(v5, std::move(settings));
  rig.open();
  rig.send(message("a", 1));
  rig.send(message("no/a", 2));
  rig.from_broker(unhex("40020001"));
  rig.client();
  rig.send(message("a", 3));
  rig.send(message("a", 4));
  EXPECT_FALSE(rig.out.close_client);
  rig.send(message("a", 5));
  EXPECT_EQ(rig.client(), "E00193");
}

TEST(SessionDeliver, a_granted_message_passes_byte_for_byte) {
  Rig rig;
  rig.open();
  rig.deliver(message("a", 5));
  EXPECT_EQ(rig.client(), hex(bytes_of(message("a", 5), v4)));
  rig.from_client(unhex("40020005"));
  EXPECT_EQ(rig.broker(), "40020005");
  rig.from_client(unhex("40020005"));
  EXPECT_EQ(rig.broker(), "");
}

TEST(SessionDeliver, a_denied_message_is_dropped_and_acknowledged_in_order) {
  Rig rig(v5);
  rig.open();
  rig.deliver(message("no/a"));
  rig.deliver(message("a", 1));
  rig.deliver(message("no/a", 2));
  rig.deliver(message("a", 3));
  EXPECT_EQ(rig.broker(), "");
  EXPECT_EQ(rig.client(), hex(bytes_of(message("a", 1), v5) + bytes_of(message("a", 3), v5)));
  rig.from_client(unhex("40020001"));
  EXPECT_EQ(rig.broker(),
            "40020001"
            "40020002");
  rig.from_client(unhex("4003000380"));
  EXPECT_EQ(rig.broker(), "4003000380");
  EXPECT_EQ(rig.metric("allauth_mqtt_deliveries_total{verdict=\"denied\"}"), 2);
}

TEST(SessionDeliver, what_cannot_be_decided_is_not_acknowledged) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.open();
    rig.deliver(message("err/a"));
    EXPECT_FALSE(rig.out.close_client);
    rig.deliver(message("err/a", 1));
    EXPECT_EQ(rig.client(), version == v4 ? "" : "E00183");
    EXPECT_EQ(rig.broker(), "");
    EXPECT_TRUE(rig.out.close_client);
  }
}

TEST(SessionDeliver, a_topic_comes_back_as_the_client_named_it) {
  Rig rig;
  rig.open();
  rig.send(Subscribe{.packet_id = 1, .entries = {{"name/#", 0}}});
  rig.out = {};
  rig.deliver(message("id/x"));
  EXPECT_EQ(rig.client(), hex(bytes_of(message("name/x"), v4)));
}

TEST(SessionDeliver, a_name_that_makes_it_too_large_is_dropped_and_acknowledged) {
  Rig rig(v5);
  std::string small;
  write_property(small, {.id = PropertyId::maximum_packet_size, .number = 30});
  auto connect = rig.connect_packet();
  connect.properties = PropertyView::trusted(small);
  rig.open(connect);
  rig.send(Subscribe{.packet_id = 1, .entries = {{"name/#", 1}}});
  rig.out = {};
  rig.deliver(message("id/x", 1, std::string(18, 'x')));  // 29 bytes, 31 by its other name
  EXPECT_EQ(rig.client(), "");
  EXPECT_EQ(rig.broker(), "40020001");
}

TEST(SessionDeliver, a_broker_that_breaks_the_protocol_ends_the_session) {
  for (const auto* bytes : {"3406000161"
                            "000100",
                            "30070001610323"
                            "0001",
                            "C000", "62020001", "2003000000", "0000", "E00104"}) {
    Rig rig(v5);
    rig.open();
    rig.from_broker(unhex(bytes));
    EXPECT_TRUE(rig.client().starts_with("E001")) << bytes;
    EXPECT_TRUE(rig.out.close_client && rig.out.close_broker) << bytes;
  }
}

}  // namespace
}  // namespace allauth::mqtt
