// One channel, several names: what the client calls a filter, and what the broker does.
#include <gtest/gtest.h>

#include "codec/mqtt/topic.h"
#include "mqtt/session_rig.h"

namespace allauth::mqtt {
namespace {

Unsubscribe unsubscribe(std::uint16_t id, std::vector<std::string_view> filters) {
  return {.packet_id = id, .properties = {}, .filters = std::move(filters)};
}

// "name/a" and "id/a", which are one filter at the broker, and "b".
void subscribe_both(Rig& rig, Version version) {
  rig.send(Subscribe{.packet_id = 1, .entries = {{"name/a", 0}, {"id/a", 0}, {"b", 0}}});
  rig.from_broker(unhex(version == v4 ? "90050001000000" : "9006000100000000"));
  rig.out = {};
}

TEST(SessionNames, unsubscribing_one_name_keeps_the_subscription_of_the_other) {
  for (const auto version : {v4, v5}) {
    Rig rig(version);
    rig.open();
    subscribe_both(rig, version);
    rig.send(unsubscribe(2, {"name/a"}));
    EXPECT_EQ(rig.broker(), "");
    EXPECT_EQ(rig.client(), version == v4 ? "B0020002" : "B00400020000");
    rig.send(unsubscribe(3, {"name/a"}));  // not subscribed any more, and yet the same at the broker
    EXPECT_EQ(rig.broker(), "");
    EXPECT_EQ(rig.client(), version == v4 ? "B0020003" : "B00400030011");
    rig.send(unsubscribe(4, {"id/a"}));
    EXPECT_EQ(rig.broker(), hex(bytes_of(unsubscribe(4, {"id/a"}), version)));
  }
}

TEST(SessionNames, answers_made_here_and_by_the_broker_come_in_order) {
  Rig rig(v5);
  rig.open();
  subscribe_both(rig, v5);
  rig.send(unsubscribe(2, {"b", "name/a", "id/a", "c"}));
  EXPECT_EQ(rig.broker(), hex(bytes_of(unsubscribe(2, {"b", "id/a", "c"}), v5)));
  EXPECT_EQ(rig.client(), "");
  rig.from_broker(unhex("B006000200870011"));
  EXPECT_EQ(rig.client(), "B00700020087000011");
}

TEST(SessionNames, a_broker_that_answers_another_number_of_unsubscribed_filters_is_not_believed) {
  for (const auto* unsuback : {"B00400020000", "B006000200000000"}) {
    Rig rig(v5);
    rig.open();
    rig.send(unsubscribe(2, {"b", "c"}));
    rig.from_broker(unhex(unsuback));
    EXPECT_TRUE(rig.out.close_client) << unsuback;
  }
}

TEST(SessionNames, revoking_one_name_keeps_the_subscription_of_the_other) {
  Rig rig;
  rig.open();
  subscribe_both(rig, v4);
  rig.policy.more.emplace("name/a", Verdict::deny("test.revoked"));
  rig.revise();
  EXPECT_EQ(rig.broker(), "");
  rig.policy.more.emplace("id/a", Verdict::deny("test.revoked"));
  rig.revise();
  EXPECT_EQ(rig.broker(), hex(bytes_of(unsubscribe(65535, {"id/a"}), v4)));
}

TEST(SessionNames, revoking_all_names_of_a_filter_unsubscribes_it_once) {
  Rig rig;
  rig.open();
  subscribe_both(rig, v4);
  rig.policy.more.emplace("name/a", Verdict::deny("test.revoked"));
  rig.policy.more.emplace("id/a", Verdict::deny("test.revoked"));
  rig.revise();
  EXPECT_EQ(rig.broker(), hex(bytes_of(unsubscribe(65535, {"id/a"}), v4)));
}

TEST(SessionNames, a_name_that_has_moved_is_unsubscribed_where_it_was) {
  for (const bool again : {false, true}) {
    Rig rig;
    rig.open();
    rig.send(Subscribe{.packet_id = 1, .entries = {{"name/a", 0}}});
    rig.out = {};
    rig.policy.names.emplace("name/a", "id/new");
    if (again) {
      rig.send(Subscribe{.packet_id = 2, .entries = {{"name/a", 0}}});
      EXPECT_EQ(rig.broker(), hex(bytes_of(Subscribe{.packet_id = 2, .entries = {{"id/new", 0}}}, v4)));
      rig.pass(Millis(200));
      EXPECT_EQ(rig.broker(), hex(bytes_of(unsubscribe(65535, {"id/a"}), v4)));
    } else {
      rig.send(unsubscribe(2, {"name/a"}));
      EXPECT_EQ(rig.broker(), hex(bytes_of(unsubscribe(2, {"id/a"}), v4)));
    }
  }
}

TEST(SessionNames, a_delivery_is_called_by_a_filter_of_the_client_that_it_matches) {
  struct Row {
    std::vector<std::string_view> filters;
    std::string_view delivered, called;
  };
  for (const auto& row : std::vector<Row>{{{"name/#"}, "id/a/b", "name/a/b"},
                                          {{"name/#"}, "id", "name"},
                                          {{"name/+"}, "id/", "name/"},
                                          {{"$share/g/name/#"}, "id/a", "name/a"},
                                          {{"name/a", "id/b"}, "id/a", "name/a"},
                                          {{"name/a", "id/b"}, "id/b", "id/b"},
                                          {{"id/#"}, "id/a", "id/a"},
                                          {{}, "id/a", "id/a"}}) {
    Rig rig;
    rig.policy.names.emplace("$share/g/name/#", "$share/g/id/#");
    rig.open();
    for (std::size_t i = 0; i < row.filters.size(); ++i)
      rig.send(Subscribe{.packet_id = static_cast<std::uint16_t>(i + 1), .entries = {{row.filters[i], 0}}});
    rig.out = {};
    rig.deliver(message(row.delivered));
    EXPECT_EQ(rig.client(), hex(bytes_of(message(row.called), v4))) << row.delivered;
  }
}

// What was delivered meanwhile must not be remembered by a name that is gone.
TEST(SessionNames, a_delivery_has_no_name_that_the_client_has_lost) {
  for (const bool revoked : {true, false}) {
    Rig rig;
    rig.open();
    rig.send(Subscribe{.packet_id = 1, .entries = {{"name/a", 0}}});
    if (revoked) rig.from_broker(unhex("9003000100"));
    rig.client();
    if (revoked) ++rig.policy.revision;
    rig.deliver(message("id/a"));
    EXPECT_EQ(rig.client(), hex(bytes_of(message("name/a"), v4)));
    rig.policy.more.emplace("name/a", Verdict::deny("test.revoked"));
    if (revoked)
      rig.pass(Millis(200));
    else
      rig.from_broker(unhex("9003000180"));
    rig.client();
    rig.deliver(message("id/a"));  // by a filter from an earlier connection
    EXPECT_EQ(rig.client(), hex(bytes_of(message("id/a"), v4))) << revoked;
  }
}

TEST(SessionNames, a_delivery_is_called_anew_once_the_client_subscribes_otherwise) {
  Rig rig;
  rig.open();
  rig.send(Subscribe{.packet_id = 1, .entries = {{"name/a", 0}}});
  rig.from_broker(unhex("9003000100"));
  rig.out = {};
  rig.deliver(message("id/a"));
  EXPECT_EQ(rig.client(), hex(bytes_of(message("name/a"), v4)));
  rig.send(unsubscribe(2, {"name/a"}));
  rig.send(Subscribe{.packet_id = 3, .entries = {{"id/a", 0}}});
  rig.out = {};
  rig.deliver(message("id/a"));
  EXPECT_EQ(rig.client(), hex(bytes_of(message("id/a"), v4)));
}

TEST(SessionNames, a_name_that_is_all_the_clients_own_comes_back_so) {
  for (const auto* mine : {"a/+/t/#", "$share/g/a/+/t/#", "m/d/t/a/+/t/#", "#"}) {
    Rig rig(v5);
    rig.open();
    const std::string own = effective_filter(mine).starts_with("m/") ? "" : "m/1/t/";
    const std::string theirs = own.empty()                          ? "m/1/t/a/+/t/#"
                               : std::string(mine).starts_with("$") ? "$share/g/m/1/t/a/+/t/#"
                                                                    : own + mine;
    rig.policy.names.emplace(mine, theirs);
    rig.send(Subscribe{.packet_id = 1, .entries = {{mine, 0}}});
    rig.from_broker(unhex("900400010000"));
    rig.out = {};
    rig.deliver(Publish{.topic = "m/1/t/a/b/t/c", .payload = "x"});
    const auto* told = own.empty() ? "m/d/t/a/b/t/c" : "a/b/t/c";
    EXPECT_EQ(rig.client(), hex(bytes_of(Publish{.topic = told, .payload = "x"}, v5))) << mine;
  }
}

}  // namespace
}  // namespace allauth::mqtt
