#include "app/messaging/messages.h"

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::app {
namespace {

TEST(Topics, AreTakenApart) {
  struct Case {
    std::string text, share, domain, channel, subtopic;
  };
  for (const auto& c : std::vector<Case>{{"m/d/c/ch", "", "d", "ch", ""},
                                         {"m/d/c/ch/a/b", "", "d", "ch", "/a/b"},
                                         {"m/d/c/ch/", "", "d", "ch", "/"},
                                         {"m/d/c/ch/#", "", "d", "ch", "/#"},
                                         {"$share/g/m/d/c/ch/+", "$share/g/", "d", "ch", "/+"}}) {
    const auto parts = parse_topic(c.text);
    ASSERT_TRUE(parts) << c.text;
    EXPECT_EQ(parts->share, c.share);
    EXPECT_EQ(parts->domain, c.domain);
    EXPECT_EQ(parts->channel, c.channel);
    EXPECT_EQ(parts->subtopic, c.subtopic);
  }
  for (auto bad : {"", "m", "m/d", "m/d/c", "m/d/c/", "m//c/ch", "x/d/c/ch", "m/d/x/ch", "/m/d/c/ch",
                   "m/+/c/ch", "m/d/c/+", "m/d/c/#", "#", "+/d/c/ch", "m/#", "$SYS/broker", "$share/g",
                   "$share//m/d/c/ch", "$share/g/$SYS/x"})
    EXPECT_FALSE(parse_topic(bad)) << bad;
}

class Messages : public ::testing::Test {
 protected:
  Messages() { world.make_connection(client.client.id, channel.id, {.publish = true, .subscribe = false}); }
  MessageVerdict ask(MessageAction action, const std::string& topic) {
    return may_message(*world.core, world.core->now(), who, action, topic);
  }
  Reason publish(const std::string& topic) { return ask(MessageAction::publish, topic).verdict.reason; }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  Channel channel = world.make_channel(domain.id, "temps");
  CreatedClient client = world.make_client(domain.id);
  Authenticated who{.principal = {PrincipalKind::client, client.client.id.str()}};
  std::string by_id = "m/" + domain.id.str() + "/c/" + channel.id.str();
};

TEST_F(Messages, NameAChannelByIdOrRouteAndAreOneTopicToTheBroker) {
  EXPECT_EQ(ask(MessageAction::publish, by_id + "/a").topic, "");
  for (const auto& topic : {std::string("m/plant/c/temps"), "m/plant/c/" + channel.id.str(),
                            "m/" + domain.id.str() + "/c/temps"}) {
    const std::string below = topic + "/a";
    const auto answer = ask(MessageAction::publish, below);
    EXPECT_TRUE(answer.verdict.granted()) << topic;
    EXPECT_EQ(answer.topic, by_id + "/a");
  }
}

TEST_F(Messages, NeedTheRightForTheirDirection) {
  EXPECT_EQ(publish(by_id), Reason("message.allowed"));
  EXPECT_EQ(ask(MessageAction::subscribe, by_id).verdict.reason, Reason("message.denied"));
  EXPECT_EQ(publish("$share/g/" + by_id), Reason("topic.unknown"));
}

TEST_F(Messages, StopAtDisabledAndUnknownChannels) {
  EXPECT_EQ(publish("m/nowhere/c/temps"), Reason("topic.domain_unknown"));
  EXPECT_EQ(publish("m/plant/c/nothing"), Reason("topic.channel_unknown"));
  EXPECT_EQ(publish("other/topic"), Reason("topic.unknown"));
  world.run(set_channel_status(*world.core, world.permit<act::UpdateChannel>(world.admin, channel.id),
                               Status::disabled, {}));
  EXPECT_EQ(publish(by_id), Reason("channel.disabled"));
  world.run(set_channel_status(*world.core, world.permit<act::UpdateChannel>(world.admin, channel.id),
                               Status::enabled, {}));
  world.run(set_domain_status(*world.core, world.permit<act::EnableDomain>(world.admin, domain.id),
                              Status::disabled, {}));
  EXPECT_EQ(publish(by_id), Reason("domain.disabled"));
}

TEST_F(Messages, DoNotReachAChannelThroughAnotherDomain) {
  const auto other = world.make_domain("other");
  EXPECT_EQ(publish("m/" + other.id.str() + "/c/" + channel.id.str()), Reason("topic.channel_unknown"));
  EXPECT_EQ(publish("m/other/c/temps"), Reason("topic.channel_unknown"));
}

TEST_F(Messages, FollowTheRouteWhenItChanges) {
  world.run(update_channel(*world.core, world.permit<act::UpdateChannel>(world.admin, channel.id),
                           {.route = "heat"}, {}));
  EXPECT_EQ(publish("m/plant/c/temps"), Reason("topic.channel_unknown"));
  EXPECT_EQ(publish("m/plant/c/heat"), Reason("message.allowed"));
}

}  // namespace
}  // namespace allauth::app
