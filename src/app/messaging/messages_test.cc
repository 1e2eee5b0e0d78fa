#include "app/messaging/messages.h"

#include <gtest/gtest.h>

#include "app/identity/authenticate.h"
#include "app/test_world.h"

namespace allauth::app {
namespace {

TEST(Topics, AreTakenApart) {
  struct Case {
    std::string text, share, domain, channel, subtopic, own{};
  };
  for (const auto& c : std::vector<Case>{{"m/d/c/ch", "", "d", "ch", ""},
                                         {"m/d/c/ch/a/b", "", "d", "ch", "/a/b"},
                                         {"m/d/c/ch/", "", "d", "ch", "/"},
                                         {"m/d/c/ch/#", "", "d", "ch", "/#"},
                                         {"$share/g/m/d/c/ch/+", "$share/g/", "d", "ch", "/+"},
                                         {"m/d/t/a/b", "", "d", "", "", "a/b"},
                                         {"$share/g/m/d/t/+", "$share/g/", "d", "", "", "+"},
                                         {"a/+/b", "", "", "", "", "a/+/b"},
                                         {"$share/g/#", "$share/g/", "", "", "", "#"},
                                         {"/m/d/c/ch", "", "", "", "", "/m/d/c/ch"},
                                         {"x/d/c/ch", "", "", "", "", "x/d/c/ch"}}) {
    const auto parts = parse_topic(c.text);
    ASSERT_TRUE(parts) << c.text;
    EXPECT_EQ(parts->share, c.share);
    EXPECT_EQ(parts->domain, c.domain);
    EXPECT_EQ(parts->channel, c.channel);
    EXPECT_EQ(parts->subtopic, c.subtopic);
    EXPECT_EQ(parts->own, c.own);
  }
}

TEST(Topics, HaveNoPartsWhereTheyHaveNoForm) {
  const std::string_view bad[] = {"",
                                  "m",
                                  "m/d",
                                  "m/d/c",
                                  "m/d/c/",
                                  "m//c/ch",
                                  "m/d/x/ch",
                                  "m/+/c/ch",
                                  "m/d/c/+",
                                  "m/d/c/#",
                                  "m/#",
                                  "m/d/t",
                                  "m/d/t/",
                                  "m//t/a",
                                  "m/+/t/a",
                                  "m/d/t/m",
                                  "m/d/t/m/a",
                                  "m/d/t/$SYS",
                                  "$SYS/broker",
                                  "$share/g",
                                  "$share//m/d/c/ch",
                                  "$share/g/$SYS/x"};
  for (const auto text : bad) EXPECT_FALSE(parse_topic(text)) << text;
}

class Messages : public ::testing::Test {
 protected:
  Messages() { world.make_connection(client.client.id, channel.id, {.publish = true, .subscribe = false}); }
  MessageVerdict ask(MessageAction action, const std::string& topic, const std::string& only = "") {
    return may_message(*world.core, world.core->now(),
                       {.who = who, .action = action, .topic = topic, .domain = only, .qos = 1});
  }
  void ask_as_subscriber() {
    const auto subscriber = world.make_client(domain.id).client.id;
    world.make_connection(subscriber, channel.id, {.publish = false, .subscribe = true});
    who.principal.id = subscriber.str();
  }
  Reason publish(const std::string& topic) { return ask(MessageAction::publish, topic).verdict.reason; }
  Reason subscribe(const std::string& filter) { return ask(MessageAction::subscribe, filter).verdict.reason; }

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
  EXPECT_EQ(ask(MessageAction::deliver, by_id).verdict.reason, Reason("message.denied"));
  ask_as_subscriber();
  EXPECT_EQ(subscribe(by_id + "/#"), Reason("message.allowed"));
  EXPECT_EQ(ask(MessageAction::deliver, by_id + "/a").verdict.reason, Reason("message.allowed"));
}

TEST_F(Messages, HaveAtMostTheQosOfTheirChannel) {
  EXPECT_EQ(ask(MessageAction::publish, by_id).qos, kMostQos);
  EXPECT_FALSE(ask(MessageAction::publish, by_id).depends_on.qos);
  const auto limit = [&](std::uint8_t most) {
    world.run(update_channel(*world.core, world.permit<act::UpdateChannel>(world.admin, channel.id),
                             {.max_qos = most}, {}));
  };
  const auto publish_with = [&](std::uint8_t qos) {
    return may_message(*world.core, world.core->now(),
                       {.who = who, .action = MessageAction::publish, .topic = by_id, .qos = qos});
  };
  limit(1);
  EXPECT_EQ(publish_with(1).verdict.reason, Reason("message.allowed"));
  EXPECT_EQ(publish_with(2).verdict.reason, Reason("message.qos"));
  limit(0);
  EXPECT_EQ(publish_with(0).verdict.reason, Reason("message.allowed"));
  EXPECT_EQ(publish_with(1).verdict.reason, Reason("message.qos"));
  EXPECT_TRUE(publish_with(1).depends_on.qos);
  EXPECT_EQ(ask(MessageAction::subscribe, by_id).verdict.reason, Reason("message.denied"))
      << "rights come first";
  ask_as_subscriber();
  for (const auto action : {MessageAction::subscribe, MessageAction::deliver}) {
    EXPECT_EQ(ask(action, by_id).verdict.reason, Reason("message.allowed"));
    EXPECT_EQ(ask(action, by_id).qos, 0);
    EXPECT_FALSE(ask(action, by_id).depends_on.qos);
  }
  limit(kMostQos);
  EXPECT_EQ(ask(MessageAction::deliver, by_id).qos, kMostQos);
}

TEST_F(Messages, ComeFromConnectionsThatHold) {
  auto outcome = must(authenticate_key(*world.core, {client.client.id.str(), client.key.key.copy()}));
  who = std::get<Authenticated>(outcome);
  who.properties = {{"plan", "basic"}};
  const auto connect = [&] { return ask(MessageAction::connect, ""); };
  EXPECT_TRUE(connect().verdict.granted());
  EXPECT_EQ(connect().properties, who.properties);
  who.expires = world.clock.now();
  EXPECT_FALSE(connect().verdict.granted());
  EXPECT_TRUE(connect().properties.empty());
}

TEST_F(Messages, AreUnsubscribedFromByWhomever) {
  const auto unsubscribe = [&](const std::string& filter) { return ask(MessageAction::unsubscribe, filter); };
  EXPECT_EQ(unsubscribe("m/plant/c/temps/#").topic, by_id + "/#");
  for (const auto* filter : {"m/plant/c/nothing/#", "m/#", "$SYS/#", "a/#/b", ""}) {
    EXPECT_TRUE(unsubscribe(filter).verdict.granted()) << filter;
    EXPECT_EQ(unsubscribe(filter).topic, "") << filter;
  }
}

TEST_F(Messages, AreRefusedWhereMqttHasNoSuchTopic) {
  for (const auto& topic :
       {std::string(), by_id + "/+", by_id + "/#", by_id + "/a+", by_id + std::string(1, '\0'),
        by_id + "/\xff", by_id + "/\xed\xa0\x80", by_id + "/" + std::string(65'536, 'a')})
    EXPECT_EQ(publish(topic), Reason("topic.invalid")) << topic.substr(0, 100);
  for (const std::string& filter : std::vector<std::string>{
           "", by_id + "/#/a", by_id + "/a#", by_id + "/a+", by_id + "/+a/b", "##", "$share/g",
           "$share//" + by_id, "$share/g+/" + by_id, "$share/g/" + by_id + "/a#"})
    EXPECT_EQ(subscribe(filter), Reason("topic.invalid")) << filter;
  // Levels may be empty, and any UTF-8 may stand in them.
  for (const auto& topic :
       {by_id + "/", by_id + "//", by_id + "///a", by_id + "/\xc3\xa4 $", by_id + "/$SYS"})
    EXPECT_EQ(publish(topic), Reason("message.allowed")) << topic;
  EXPECT_EQ(publish(by_id + "/" + std::string(65'535 - by_id.size() - 1, 'a')), Reason("message.allowed"));
}

TEST_F(Messages, AreAboutOneChannel) {
  ask_as_subscriber();
  for (const std::string filter : {"", "/", "/#", "/+", "/+/#", "/+/a/+", "//#"}) {
    EXPECT_EQ(subscribe(by_id + filter), Reason("message.allowed")) << filter;
    EXPECT_EQ(subscribe("$share/g/" + by_id + filter), Reason("message.allowed")) << filter;
  }
  for (const std::string filter :
       {"#", "+/#", "m/#", "m/plant/#", "m/plant/c/#", "m/plant/c/+", "m/plant/c/+/a", "m/+/c/temps",
        "+/plant/c/temps", "m/plant/+/temps", "+/+/+/+", "$share/g/m/plant/c/+", "$share/g/#"})
    EXPECT_EQ(subscribe(filter), Reason("topic.many_channels")) << filter;
  for (const std::string filter :
       {"x/#", "+", "m/+", "m/plant/x/+", "+/plant/d/temps", "/m/plant/c/temps", "m//c/+", "m/plant/c/"})
    EXPECT_EQ(subscribe(filter), Reason("topic.unknown")) << filter;
}

TEST_F(Messages, LeaveTheBrokersOwnTopicsAlone) {
  for (const std::string topic : {"$SYS/broker/load", "$share/g/m/plant/c/temps", "$", "$m/plant/c/temps"})
    EXPECT_EQ(publish(topic), Reason("topic.reserved")) << topic;
  for (const std::string filter : {"$SYS/#", "$SYS/+/a", "$share/g/$SYS/#"})
    EXPECT_EQ(subscribe(filter), Reason("topic.reserved")) << filter;
}

TEST_F(Messages, StayWithinTheDomainOfWhoeverAsks) {
  const auto other = world.make_domain("other");
  for (const std::string& own : {std::string("plant"), domain.id.str()})
    EXPECT_TRUE(ask(MessageAction::publish, by_id, own).verdict.granted());
  for (const std::string& foreign : {std::string("other"), other.id.str(), std::string("nowhere")})
    EXPECT_EQ(ask(MessageAction::publish, by_id, foreign).verdict.reason, Reason("topic.other_domain"));
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
