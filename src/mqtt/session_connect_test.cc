#include <gtest/gtest.h>

#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

TEST(SessionConnect, nothing_is_dialled_before_the_verdict) {
  Rig rig;
  auto connect = rig.connect_packet();
  connect.username = "u";
  connect.password = "secret";
  rig.send(connect);
  ASSERT_TRUE(rig.out.authenticate);
  EXPECT_EQ(rig.out.authenticate->client_id, "c1");
  EXPECT_EQ(rig.out.authenticate->level, 4);
  EXPECT_TRUE(rig.out.authenticate->has_username);
  EXPECT_EQ(rig.out.authenticate->username, "u");
  EXPECT_EQ(std::move(rig.out.authenticate->password).reveal(), "secret");
  EXPECT_EQ(rig.out.authenticate->peer_address, "192.0.2.1");
  EXPECT_FALSE(rig.out.dial);
  rig.accept();
  EXPECT_TRUE(rig.out.dial);
  EXPECT_EQ(rig.broker(), "");
}

TEST(SessionConnect, the_broker_gets_the_gateways_login_and_the_brokers_id) {
  SessionSettings settings;
  settings.login = {.username = "gate", .password = Secret("pw")};
  Rig rig(v4, std::move(settings));
  auto connect = rig.connect_packet();
  connect.username = "u";
  connect.password = "secret";
  rig.send(connect);
  rig.accept();
  rig.session->broker_connected(rig.now, rig.out);
  const Connect expected{.keep_alive = 60, .client_id = "b1", .username = "gate", .password = "pw"};
  EXPECT_EQ(rig.broker(), hex(bytes_of(expected, v4)));
  rig.deliver(Connack{.session_present = true});
  EXPECT_EQ(rig.client(), "20020100");
  EXPECT_EQ(rig.session->broker_client_id(), "b1");
}

struct RefusalRow {
  Refusal refusal;
  const char* v3;
  const char* v5;
};

TEST(SessionConnect, each_refusal_has_its_code) {
  const RefusalRow rows[] = {
      {Refusal::bad_credentials, "04", "86"}, {Refusal::not_authorized, "05", "87"},
      {Refusal::bad_client_id, "02", "85"},   {Refusal::banned, "05", "8A"},
      {Refusal::unavailable, "03", "88"},     {Refusal::busy, "03", "89"},
      {Refusal::rate_limited, "03", "9F"},
  };
  for (const auto& row : rows) {
    for (const auto version : {v4, v5}) {
      Rig rig(version);
      rig.send(rig.connect_packet());
      rig.session->connect_outcome(row.refusal, rig.now, rig.out);
      const auto expected =
          version == v4 ? fmt::format("200200{}", row.v3) : fmt::format("200300{}00", row.v5);
      EXPECT_EQ(rig.client(), expected);
      EXPECT_TRUE(rig.out.close_client);
      EXPECT_FALSE(rig.out.dial);
      EXPECT_TRUE(rig.session->closed());
    }
  }
}

TEST(SessionConnect, an_unauthorised_will_is_refused_before_the_broker_is_dialled) {
  const struct {
    const char* topic;
    const char* v3;
    const char* v5;
  } rows[] = {{"no/will", "20020005", "2003008700"}, {"err/will", "20020003", "2003008800"}};
  for (const auto& row : rows) {
    for (const auto version : {v4, v5}) {
      Rig rig(version);
      auto connect = rig.connect_packet();
      connect.will = Will{.topic = row.topic, .payload = "gone"};
      rig.send(connect);
      rig.accept();
      EXPECT_EQ(rig.client(), version == v4 ? row.v3 : row.v5);
      EXPECT_FALSE(rig.out.dial);
      ASSERT_EQ(rig.denials.size(), 1u);
      EXPECT_TRUE(rig.denials[0].starts_with("will "));
    }
  }
}

TEST(SessionConnect, a_will_is_renamed_for_the_broker) {
  Rig rig(v5);
  auto connect = rig.connect_packet();
  connect.will = Will{.retain = true, .topic = "name/w", .payload = "gone"};
  rig.send(connect);
  rig.accept();
  rig.session->broker_connected(rig.now, rig.out);
  const auto sent = unhex(rig.broker());
  const auto decoded = decode_connect(**find_frame(sent, 10000));
  ASSERT_TRUE(decoded && decoded->will);
  EXPECT_EQ(decoded->will->topic, "id/w");
  EXPECT_TRUE(decoded->will->retain);
  EXPECT_EQ(decoded->will->payload, "gone");
}

struct BadConnect {
  const char* name;
  const char* bytes;
  const char* answer;
};

TEST(SessionConnect, what_cannot_be_accepted_is_answered_in_the_form_of_its_version) {
  const BadConnect rows[] = {
      {"3.1",
       "101100064D514973647003020000000161"
       "0000",
       "20020001"},
      {"3.1 by the new name",
       "100D00044D5154540302000000"
       "0161",
       "20020001"},
      {"level 6",
       "100D00044D515454060200000000"
       "0161",
       "2003008400"},
      {"level 0",
       "100D00044D515454000200000000"
       "0161",
       "2003008400"},
      {"another protocol",
       "100D00044D5154580402000000"
       "0161",
       ""},
      {"no CONNECT", "C000", ""},
      {"3.1.1 reserved flag", "100D00044D51545404030000000161", ""},
      {"3.1.1 trailing bytes", "100E00044D5154540402000000016161", ""},
      {"5 reserved flag", "100E00044D5154540503000000000161", "2003008100"},
      {"5 unknown property", "101000044D51545405020000027F00000161", "2003008100"},
      {"5 property twice", "101400044D515454050200000621000121000100016100", "2003008200"},
      {"5 receive maximum 0",
       "101100044D515454050200000321000000"
       "0161",
       "2003008200"},
      {"5 enhanced authentication",
       "101200044D515454050200000415000161"
       "000161",
       "2003008C00"},
      {"5 will QoS 2", "101500044D515454051600000000016100000174000170", "2003009B00"},
      {"3.1.1 will QoS 2",
       "101300044D5154540416000000016100017400"
       "0170",
       "20020005"},
      {"3.1.1 no id, kept session", "100C00044D515454040000000000", "20020002"},
  };
  for (const auto& row : rows) {
    Rig rig;
    auto bytes = unhex(row.bytes);
    bytes[1] = static_cast<char>(bytes.size() - 2);
    rig.from_client(bytes);
    EXPECT_EQ(rig.client(), row.answer) << row.name;
    EXPECT_TRUE(rig.out.close_client) << row.name;
    EXPECT_FALSE(rig.out.authenticate) << row.name;
  }
}

TEST(SessionConnect, an_empty_client_id_is_assigned) {
  for (const bool given : {true, false}) {
    Rig rig(v5);
    auto connect = rig.connect_packet();
    connect.client_id = "";
    rig.send(connect);
    Accepted accepted{.guard = std::make_unique<ScriptedGuard>(rig.policy), .broker_client_id = "b1"};
    if (given) accepted.assigned_client_id = "yours";
    rig.session->connect_outcome(std::move(accepted), rig.now, rig.out);
    rig.session->broker_connected(rig.now, rig.out);
    EXPECT_NE(rig.broker().find(hex("b1")), std::string::npos);
    rig.deliver(Connack{});
    const auto sent = unhex(rig.client());
    const auto connack = decode_connack(**find_frame(sent, 1000), v5);
    ASSERT_TRUE(connack);
    EXPECT_EQ(connack->properties.find(PropertyId::assigned_client_id)->text, given ? "yours" : "b1");
  }
}

TEST(SessionConnect, an_id_that_the_client_has_is_not_assigned_and_3_1_1_is_told_none) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    auto connect = rig.connect_packet();
    if (version == v4) connect.client_id = "";
    rig.send(connect);
    rig.session->connect_outcome(Accepted{.guard = std::make_unique<ScriptedGuard>(rig.policy),
                                          .broker_client_id = "b1",
                                          .assigned_client_id = "yours"},
                                 rig.now, rig.out);
    rig.session->broker_connected(rig.now, rig.out);
    rig.deliver(Connack{});
    const auto sent = unhex(rig.client());
    const auto connack = decode_connack(**find_frame(sent, 1000), version);
    ASSERT_TRUE(connack && connack->code == 0);
    EXPECT_FALSE(connack->properties.find(PropertyId::assigned_client_id));
  }
}

TEST(SessionConnect, properties_of_5_end_pass_or_are_capped) {
  SessionSettings settings;
  settings.limits.max_session_expiry = 100;
  settings.limits.receive_maximum = 50;
  settings.limits.max_packet_size = 5000;
  Rig rig(v5, std::move(settings));
  std::string given;
  write_property(given, {.id = PropertyId::session_expiry, .number = 500});
  write_property(given, {.id = PropertyId::receive_maximum, .number = 20});
  write_property(given, {.id = PropertyId::topic_alias_maximum, .number = 10});
  write_property(given, {.id = PropertyId::request_response_information, .number = 1});
  write_property(given, {.id = PropertyId::request_problem_information, .number = 0});
  write_property(given, {.id = PropertyId::user_property, .text = "k", .value = "v"});
  auto connect = rig.connect_packet();
  connect.properties = PropertyView::trusted(given);
  rig.send(connect);
  rig.accept();
  rig.session->broker_connected(rig.now, rig.out);
  const auto sent = unhex(rig.broker());
  const auto upstream = decode_connect(**find_frame(sent, 10000));
  ASSERT_TRUE(upstream);
  const auto& up = upstream->properties;
  EXPECT_EQ(up.find(PropertyId::session_expiry)->number, 100u);
  EXPECT_EQ(up.find(PropertyId::receive_maximum)->number, 20u);
  EXPECT_EQ(up.find(PropertyId::maximum_packet_size)->number, 5000u);
  EXPECT_EQ(up.find(PropertyId::request_problem_information)->number, 0u);
  EXPECT_EQ(up.find(PropertyId::user_property)->value, "v");
  EXPECT_FALSE(up.find(PropertyId::topic_alias_maximum));
  EXPECT_FALSE(up.find(PropertyId::request_response_information));

  std::string answered;
  write_property(answered, {.id = PropertyId::receive_maximum, .number = 200});
  write_property(answered, {.id = PropertyId::topic_alias_maximum, .number = 10});
  write_property(answered, {.id = PropertyId::maximum_packet_size, .number = 3000});
  write_property(answered, {.id = PropertyId::server_keep_alive, .number = 30});
  write_property(answered, {.id = PropertyId::server_reference, .text = "inside"});
  write_property(answered, {.id = PropertyId::response_information, .text = "inside"});
  write_property(answered, {.id = PropertyId::shared_available, .number = 0});
  rig.deliver(Connack{.properties = PropertyView::trusted(answered)});
  const auto got = unhex(rig.client());
  const auto connack = decode_connack(**find_frame(got, 1000), v5);
  ASSERT_TRUE(connack);
  const auto& down = connack->properties;
  EXPECT_EQ(down.find(PropertyId::session_expiry)->number, 100u);
  EXPECT_EQ(down.find(PropertyId::receive_maximum)->number, 50u);
  EXPECT_EQ(down.find(PropertyId::maximum_packet_size)->number, 3000u);
  EXPECT_EQ(down.find(PropertyId::maximum_qos)->number, 1u);
  EXPECT_EQ(down.find(PropertyId::server_keep_alive)->number, 30u);
  EXPECT_EQ(down.find(PropertyId::shared_available)->number, 0u);
  for (const auto id : {PropertyId::topic_alias_maximum, PropertyId::server_reference,
                        PropertyId::response_information, PropertyId::assigned_client_id})
    EXPECT_FALSE(down.find(id));
}

TEST(SessionConnect, an_unreachable_broker_is_said_to_be_unavailable) {
  for (const auto version : {v4, v5}) {
    const auto* expected = version == v4 ? "20020003" : "2003008800";
    for (int how = 0; how < 4; ++how) {
      Rig rig(version);
      rig.send(rig.connect_packet());
      rig.accept();
      if (how == 0) rig.session->broker_failed(rig.out);
      if (how > 0) rig.session->broker_connected(rig.now, rig.out);
      if (how == 1) rig.session->broker_closed(rig.out);
      if (how == 2) rig.from_broker(unhex("C000"));
      if (how == 3) rig.pass(Millis(20'000));
      EXPECT_EQ(rig.client(), expected) << how;
      EXPECT_TRUE(rig.out.close_client && rig.out.close_broker);
    }
  }
}

TEST(SessionConnect, a_refusal_of_the_broker_is_told_only_if_it_concerns_the_client) {
  const struct {
    Version version;
    std::uint8_t code;
    const char* answer;
  } rows[] = {
      {v4, 1, "20020001"},      {v4, 2, "20020002"},      {v4, 3, "20020003"},      {v4, 4, "20020003"},
      {v4, 5, "20020003"},      {v5, 0x85, "2003008500"}, {v5, 0x86, "2003008800"}, {v5, 0x87, "2003008800"},
      {v5, 0x9D, "2003008800"}, {v5, 0x97, "2003009700"},
  };
  for (const auto& row : rows) {
    Rig rig(row.version);
    rig.send(rig.connect_packet());
    rig.accept();
    rig.session->broker_connected(rig.now, rig.out);
    rig.deliver(Connack{.code = row.code});
    EXPECT_EQ(rig.client(), row.answer);
  }
}

TEST(SessionConnect, packets_sent_before_the_verdict_are_held_and_replayed) {
  Rig rig;
  const auto publish = bytes_of(message("a", 7), v4);
  rig.from_client(bytes_of(rig.connect_packet(), v4) + publish + "\xC0");
  rig.from_client(std::string_view("\0", 1));
  EXPECT_EQ(rig.client() + rig.broker(), "");
  rig.accept();
  rig.session->broker_connected(rig.now, rig.out);
  rig.broker();
  rig.deliver(Connack{});
  EXPECT_EQ(rig.client(), "20020000");
  EXPECT_EQ(rig.broker(), hex(publish) + "C000");
}

TEST(SessionConnect, packets_behind_a_refused_connect_are_forgotten) {
  Rig rig;
  rig.from_client(bytes_of(rig.connect_packet(), v4) + bytes_of(message("a", 7), v4));
  rig.session->connect_outcome(Refusal::bad_credentials, rig.now, rig.out);
  EXPECT_EQ(rig.client(), "20020004");
  EXPECT_EQ(rig.broker(), "");
  EXPECT_EQ(rig.policy.asked, 0);
}

TEST(SessionConnect, the_pump_is_told_to_stop_reading_what_would_only_be_held) {
  SessionSettings settings;
  settings.limits.max_held_bytes = 100;
  Rig rig(v4, std::move(settings));
  EXPECT_TRUE(rig.session->wants_client_bytes());
  rig.send(rig.connect_packet());
  EXPECT_TRUE(rig.session->wants_client_bytes());
  rig.send(message("a", 0, std::string(200, 'x')));
  EXPECT_FALSE(rig.session->wants_client_bytes());
}

TEST(SessionConnect, a_connect_must_come_in_time_and_whole) {
  Rig rig;
  rig.from_client("\x10");
  rig.pass(Millis(9'999));
  EXPECT_FALSE(rig.out.close_client);
  rig.from_client("\x0D");
  rig.pass(Millis(1));
  EXPECT_TRUE(rig.out.close_client);
  EXPECT_EQ(rig.client(), "");
  EXPECT_EQ(rig.metric("allauth_mqtt_connects_total{result=\"timeout\"}"), 1);
}

TEST(SessionConnect, an_announced_giant_is_refused_by_its_header) {
  Rig rig;
  rig.from_client("\x10\xFF\xFF\xFF\x7F");
  EXPECT_TRUE(rig.out.close_client);
}

TEST(SessionConnect, an_outcome_that_comes_too_late_is_ignored) {
  Rig rig;
  rig.send(rig.connect_packet());
  rig.session->client_closed(rig.out);
  rig.accept();
  EXPECT_FALSE(rig.out.dial);
  EXPECT_EQ(rig.metric("allauth_mqtt_connects_total{result=\"abandoned\"}"), 1);
}

}  // namespace
}  // namespace allauth::mqtt
