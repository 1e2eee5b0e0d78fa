#include <gtest/gtest.h>

#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

TEST(SessionLife, a_silent_client_is_closed_after_one_and_a_half_intervals) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    auto connect = rig.connect_packet();
    connect.keep_alive = 3;
    rig.open(connect);
    rig.pass(Millis(4'500));
    EXPECT_FALSE(rig.out.close_client);
    rig.pass(Millis(1));
    EXPECT_EQ(rig.client(), version == v4 ? "" : "E0018D");
    EXPECT_TRUE(rig.out.close_client && rig.out.close_broker);
    // No DISCONNECT to the broker: it publishes the will.
    EXPECT_EQ(rig.broker().find("E0"), std::string::npos);
  }
}

TEST(SessionLife, only_whole_packets_of_the_client_count_as_life) {
  Rig rig;
  auto connect = rig.connect_packet();
  connect.keep_alive = 2;
  rig.open(connect);
  rig.from_client(unhex("300A"));
  for (int i = 0; i < 4; ++i) {
    rig.pass(Millis(700));
    rig.from_client(unhex("00"));
    rig.deliver(message("a"));
  }
  rig.pass(Millis(300));
  EXPECT_TRUE(rig.out.close_client);
}

TEST(SessionLife, silence_that_is_the_pumps_own_doing_does_not_count) {
  Rig rig;
  auto connect = rig.connect_packet();
  connect.keep_alive = 3;
  rig.open(connect);
  rig.now += Millis(60'000);
  rig.session->excuse_client(rig.now);
  rig.pass(Millis(4'500));
  EXPECT_FALSE(rig.out.close_client);
}

TEST(SessionLife, nor_does_the_silence_of_a_broker_that_is_not_read) {
  for (const bool excused : {false, true}) {
    Rig rig;
    auto connect = rig.connect_packet();
    connect.keep_alive = 10;
    rig.open(connect);
    rig.send(Subscribe{.packet_id = 1, .entries = {{"a", 0}}});
    rig.policy.more.emplace("a", Verdict::deny("test.revoked"));
    rig.revise();
    for (int i = 0; i < 40; ++i) {
      if (excused) rig.session->excuse_broker(rig.now);
      rig.pass(Millis(1'000));
      rig.send(message("no/a"));
    }
    EXPECT_EQ(rig.out.close_client, !excused);
  }
}

TEST(SessionLife, no_keep_alive_means_no_limit) {
  Rig rig;
  auto connect = rig.connect_packet();
  connect.keep_alive = 0;
  rig.open(connect);
  rig.pass(Seconds(100'000));
  EXPECT_FALSE(rig.out.close_client);
  EXPECT_EQ(rig.broker(), "");
}

TEST(SessionLife, a_broker_leg_that_hears_nothing_of_a_busy_client_gets_a_ping) {
  Rig rig;
  auto connect = rig.connect_packet();
  connect.keep_alive = 10;
  rig.open(connect);
  std::string sent;
  for (int i = 0; i < 30; ++i) {
    rig.pass(Millis(1'000));
    rig.send(message("no/a"));
    const auto bytes = rig.broker();
    sent += bytes;
    if (!bytes.empty()) rig.from_broker(unhex("D000"));
  }
  EXPECT_EQ(sent,
            "C000"
            "C000"
            "C000");
  EXPECT_EQ(rig.client(), "");  // those answers were ours
  rig.from_client(unhex("C000"));
  EXPECT_EQ(rig.broker(), "C000");
  rig.from_broker(unhex("D000"));
  EXPECT_EQ(rig.client(), "D000");
}

TEST(SessionLife, answers_to_pings_go_to_who_asked) {
  Rig rig;
  auto connect = rig.connect_packet();
  connect.keep_alive = 10;
  rig.open(connect);
  rig.from_client(unhex("C000"));
  for (int i = 0; i < 10; ++i) {
    rig.pass(Millis(1'000));
    rig.send(message("no/a"));
  }
  EXPECT_EQ(rig.broker(), "C000C000");
  rig.from_broker(unhex("D000"));
  EXPECT_EQ(rig.client(), "D000");
  rig.from_broker(unhex("D000"));
  EXPECT_EQ(rig.client(), "");
  rig.from_broker(unhex("D000"));
  EXPECT_EQ(rig.client(), "");
}

TEST(SessionLife, a_broker_that_answers_no_ping_is_given_up) {
  Rig rig(v5);
  auto connect = rig.connect_packet();
  connect.keep_alive = 10;
  rig.open(connect);
  for (int i = 0; i < 26; ++i) {
    rig.pass(Millis(1'000));
    rig.send(message("no/a"));
  }
  EXPECT_EQ(rig.client(), "E00180");
}

TEST(SessionLife, a_disconnect_is_passed_on_and_ends_both_legs) {
  Rig rig(v5);
  rig.open();
  rig.from_client(
      unhex("E00104"
            "C000"));
  EXPECT_EQ(rig.broker(), "E00104");
  EXPECT_TRUE(rig.out.close_client && rig.out.close_broker);
  EXPECT_EQ(rig.client(), "");
}

TEST(SessionLife, a_lost_client_is_lost_for_the_broker_too) {
  Rig rig;
  rig.open();
  rig.session->client_closed(rig.out);
  EXPECT_EQ(rig.broker(), "");
  EXPECT_TRUE(rig.out.close_broker);
}

TEST(SessionLife, a_session_that_was_not_to_outlive_its_connection_cannot_be_extended) {
  const struct {
    std::uint32_t cap, asked, later;
    const char* to_client;
    const char* to_broker;
  } rows[] = {
      {1000, 0, 5, "E00182", ""},  // 0 may not become more
      {0, 600, 5, "E00182", ""},   // nor what was capped to 0
      {1000, 600, 5, "",
       "E007000511"
       "00000005"},
      {1000, 600, 5000, "",
       "E007000511"
       "000003E8"},
      {1000, 600, 0, "",
       "E007000511"
       "00000000"},
  };
  for (const auto& row : rows) {
    SessionSettings settings;
    settings.limits.max_session_expiry = row.cap;
    Rig rig(v5, std::move(settings));
    std::string properties;
    write_property(properties, {.id = PropertyId::session_expiry, .number = row.asked});
    auto connect = rig.connect_packet();
    connect.properties = PropertyView::trusted(properties);
    rig.open(connect);
    std::string block;
    write_property(block, {.id = PropertyId::session_expiry, .number = row.later});
    rig.send(Disconnect{.properties = PropertyView::trusted(block)});
    EXPECT_EQ(rig.client(), row.to_client);
    EXPECT_EQ(rig.broker(), row.to_broker);
  }
}

TEST(SessionLife, a_broker_that_goes_takes_the_client_along) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.open();
    rig.session->broker_closed(rig.out);
    EXPECT_EQ(rig.client(), version == v4 ? "" : "E00180");
    EXPECT_TRUE(rig.out.close_client);
  }
}

TEST(SessionLife, the_brokers_reason_is_passed_on_but_not_where_else_to_go) {
  for (const auto& [said, told] : {std::pair("E0018E", "E0018E"), std::pair("E0019D", "E0018B")}) {
    Rig rig(v5);
    rig.open();
    rig.from_broker(unhex(said));
    EXPECT_EQ(rig.client(), told);
  }
}

TEST(SessionLife, a_principal_that_is_gone_is_thrown_out_and_its_will_discarded) {
  const struct {
    Verdict verdict;
    Version version;
    const char* to_client;
  } rows[] = {
      {Verdict::deny("client.gone"), v5, "E00187"},
      {Verdict::deny("client.disabled"), v5, "E00198"},
      {Verdict::deny("client.gone"), v4, ""},
  };
  for (const auto& row : rows) {
    Rig rig(row.version);
    rig.open();
    rig.policy.alive = row.verdict;
    ++rig.policy.revision;
    rig.pass(Millis(200));
    EXPECT_EQ(rig.client(), row.to_client);
    EXPECT_EQ(rig.broker(), "E000");
    EXPECT_TRUE(rig.out.close_client && rig.out.close_broker);
    EXPECT_EQ(rig.metric("allauth_mqtt_kicks_total"), 1);
    ASSERT_EQ(rig.denials.size(), 1u);
    EXPECT_TRUE(rig.denials[0].starts_with("stay "));
  }
}

TEST(SessionLife, what_time_alone_takes_away_is_seen_within_a_second) {
  Rig rig(v5);
  rig.open();
  rig.pass(Millis(1'000));
  rig.policy.alive = Verdict::deny("token.expired");  // the revision is the same
  rig.pass(Millis(999));
  EXPECT_FALSE(rig.out.close_client);
  rig.pass(Millis(1));
  EXPECT_TRUE(rig.out.close_client);
}

TEST(SessionLife, an_undecided_answer_throws_nobody_out) {
  Rig rig(v5);
  rig.open();
  rig.policy.alive = Verdict::fail("log.stale");
  ++rig.policy.revision;
  rig.pass(Millis(1'000));
  EXPECT_FALSE(rig.out.close_client);
}

TEST(SessionLife, kicked_by_an_operator_the_will_is_published) {
  Rig rig(v5);
  rig.open();
  rig.session->kick(rig.out);
  EXPECT_EQ(rig.client(), "E00198");
  EXPECT_EQ(rig.broker(), "");
}

TEST(SessionLife, draining_says_why_where_it_can) {
  for (const auto version : {v4, v5}) {
    Rig running(version);
    running.open();
    running.session->drain(running.out);
    EXPECT_EQ(running.client(), version == v4 ? "" : "E0018B");
    Rig opening(version);
    opening.send(opening.connect_packet());
    opening.session->drain(opening.out);
    EXPECT_EQ(opening.client(), version == v4 ? "20020003" : "2003008900");
    Rig silent(version);
    silent.session->drain(silent.out);
    EXPECT_EQ(silent.client(), "");
    EXPECT_TRUE(silent.out.close_client);
  }
}

TEST(SessionLife, connections_are_counted) {
  Rig rig;
  EXPECT_EQ(rig.metric("allauth_mqtt_connections"), 1);
  rig.open();
  EXPECT_EQ(rig.metric("allauth_mqtt_connects_total{result=\"accepted\"}"), 1);
  rig.session.reset();
  EXPECT_EQ(rig.metric("allauth_mqtt_connections"), 0);
}

// However the bytes of both legs are cut, the same comes out.
TEST(SessionLife, any_segmentation_gives_the_same_result) {
  std::string client_side, broker_side;
  for (const std::size_t cut : {1000u, 1u, 2u, 3u, 7u}) {
    Rig rig(v5);
    rig.open();
    const auto feed = [&](std::string_view bytes, auto&& give) {
      for (std::size_t at = 0; at < bytes.size(); at += cut) give(bytes.substr(at, cut));
    };
    feed(
        bytes_of(message("a", 1), v5) + bytes_of(message("no/b", 2), v5) + bytes_of(message("name/c", 3), v5),
        [&](std::string_view part) { rig.from_client(part); });
    feed(bytes_of(message("id/d", 9), v5) + unhex("40020001") + unhex("40020003"),
         [&](std::string_view part) { rig.from_broker(part); });
    const auto client = rig.client();
    const auto broker = rig.broker();
    if (cut == 1000) {
      client_side = client;
      broker_side = broker;
    }
    EXPECT_EQ(client, client_side) << cut;
    EXPECT_EQ(broker, broker_side) << cut;
  }
}

}  // namespace
}  // namespace allauth::mqtt
