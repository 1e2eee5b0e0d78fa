// Topics of channels' own: whose they are, what becomes of messages on them, and that no two channels share
// one.
#include <random>
#include <thread>

#include "app/directory/channel_topics.h"
#include "app/messaging/messages.h"
#include "app/test_world.h"
#include "codec/mqtt/topic.h"
#include "store/sql/test_engines.h"
#include "store/testing/contract.h"

namespace allauth::app {
namespace {

using store::testing::Engine;

class OwnTopics : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    SKIP_IF_MISSING(GetParam());
    world_ = std::make_unique<TestWorld>(GetParam().location(folder_.path()));
    plant_ = world_->make_domain("plant").id;
  }

  Result<Channel> make(const DomainId& domain, Topics topics) {
    return make_as(world_->admin, domain, std::move(topics));
  }
  Result<Channel> make_as(const Caller& who, const DomainId& domain, Topics topics) {
    TRY(topics, parse_topics(std::move(topics)));
    return world_->try_run(create_channel(*world_->core, world_->permit<act::CreateChannel>(who, domain),
                                          {.common = {.name = "c"}, .topics = std::move(topics)}));
  }
  Result<Channel> change(const Channel& channel, Topics topics) {
    TRY(topics, parse_topics(std::move(topics)));
    return world_->try_run(update_channel(*world_->core,
                                          world_->permit<act::UpdateChannel>(world_->admin, channel.id),
                                          {.topics = std::move(topics)}, {}));
  }
  Reason reason(const Result<Channel>& result) { return result ? Reason("none") : result.error().reason; }
  // A client of the domain that may do all in the channel.
  Authenticated make_device(const DomainId& domain, const Channel& channel) {
    const auto client = world_->make_client(domain).client.id;
    world_->make_connection(client, channel.id, {.publish = true, .subscribe = true});
    return {.principal = {PrincipalKind::client, client.str()}};
  }
  MessageVerdict ask(const Authenticated& who, MessageAction action, const std::string& topic,
                     const std::string& only = "") {
    return may_message(*world_->core, world_->core->now(),
                       {.who = who, .action = action, .topic = topic, .domain = only});
  }
  Reason publish(const Authenticated& who, const std::string& topic, const std::string& only = "") {
    return ask(who, MessageAction::publish, topic, only).verdict.reason;
  }
  Reason subscribe(const Authenticated& who, const std::string& filter) {
    return ask(who, MessageAction::subscribe, filter).verdict.reason;
  }

  store::testing::TempFolder folder_;
  std::unique_ptr<TestWorld> world_;
  DomainId plant_;
};

TEST_P(OwnTopics, AreThoseOfTheClientsDomainAndGoUnderItsIdToTheBroker) {
  const auto other = world_->make_domain("other").id;
  const auto here = must(make(plant_, {"heat/+"}));
  const auto there = must(make(other, {"heat/+"}));
  for (const auto& [domain, channel] : {std::pair(plant_, here), std::pair(other, there)}) {
    const auto device = make_device(domain, channel);
    const auto answer = ask(device, MessageAction::publish, "heat/1");
    EXPECT_EQ(answer.verdict.reason, Reason("message.allowed"));
    EXPECT_EQ(answer.topic, "m/" + domain.str() + "/t/heat/1");
    EXPECT_EQ(ask(device, MessageAction::deliver, answer.topic).verdict.reason, Reason("message.allowed"));
    EXPECT_EQ(ask(device, MessageAction::subscribe, "$share/g/heat/+").topic,
              "$share/g/m/" + domain.str() + "/t/heat/+");
    EXPECT_EQ(ask(device, MessageAction::unsubscribe, "heat/+").topic, "m/" + domain.str() + "/t/heat/+");
    EXPECT_EQ(ask(device, MessageAction::unsubscribe, "gone/#").topic, "m/" + domain.str() + "/t/gone/#")
        << "whose it is does not matter to its name";
  }
}

TEST_P(OwnTopics, AreNoWayIntoAnotherDomain) {
  const auto other = world_->make_domain("other").id;
  const auto here = must(make(plant_, {"heat/+"}));
  must(make(other, {"cold/+"}));
  const auto device = make_device(plant_, here);
  for (const std::string& route : {std::string("plant"), plant_.str()}) {
    EXPECT_EQ(publish(device, "m/" + route + "/t/heat/1"), Reason("message.allowed"));
    EXPECT_EQ(subscribe(device, "m/" + route + "/t/heat/+"), Reason("message.allowed"));
  }
  EXPECT_EQ(publish(device, "cold/1"), Reason("topic.unknown"));
  EXPECT_EQ(publish(device, "m/other/t/cold/1"), Reason("message.denied"));
  EXPECT_EQ(publish(device, "m/other/t/cold/1", "plant"), Reason("topic.other_domain"));
  EXPECT_EQ(publish(device, "m/nowhere/t/heat/1"), Reason("topic.domain_unknown"));
  for (const std::string topic : {"m/plant/t", "m/plant/t/", "m/plant/t/m/plant/c/x", "m/plant/t/$SYS/x"})
    EXPECT_EQ(publish(device, topic), Reason("topic.unknown")) << topic;
  for (const std::string filter :
       {"m/+/t/heat/1", "m/plant/+/heat/1", "m/plant/t/#", "m/plant/#", "+/plant/t/#"})
    EXPECT_NE(subscribe(device, filter), Reason("message.allowed")) << filter;
}

TEST_P(OwnTopics, AreNobodysWithoutADomain) {
  must(make(plant_, {"heat/+"}));
  EXPECT_EQ(publish(world_->admin.who, "heat/1"), Reason("topic.unknown"));
  EXPECT_EQ(publish(world_->admin.who, "heat/1", "plant"), Reason("message.allowed"));
  EXPECT_EQ(publish(world_->admin.who, "heat/1", "nowhere"), Reason("topic.unknown"));
}

TEST_P(OwnTopics, AreSubscribedToWithinOneChannel) {
  const auto channel = must(make(plant_, {"plants/+/temp/#", "hum", "hum/+"}));
  must(make(plant_, {"plants/+/light"}));
  const auto device = make_device(plant_, channel);
  for (const auto* filter : {"plants/+/temp/#", "plants/rose/temp", "plants/+/temp/+/x", "hum/+", "hum"})
    EXPECT_EQ(subscribe(device, filter), Reason("message.allowed")) << filter;
  EXPECT_EQ(subscribe(device, "plants/+/light"), Reason("message.denied"));
  for (const auto* filter : {"plants/#", "plants/+/#", "hum/#", "#", "+/#"})
    EXPECT_EQ(subscribe(device, filter), Reason("topic.many_channels")) << filter;
  for (const auto* filter : {"plants/+/+", "other/#", "+"})
    EXPECT_EQ(subscribe(device, filter), Reason("topic.unknown")) << filter;
  EXPECT_EQ(publish(device, "plants/rose"), Reason("topic.unknown"));
}

TEST_P(OwnTopics, CanBeAllOfADomain) {
  const auto channel = must(make(plant_, {"#"}));
  const auto device = make_device(plant_, channel);
  EXPECT_EQ(ask(device, MessageAction::subscribe, "#").topic, "m/" + plant_.str() + "/t/#");
  EXPECT_EQ(subscribe(device, "+/a/#"), Reason("message.allowed"));
  EXPECT_EQ(publish(device, "any/thing"), Reason("message.allowed"));
  // Neither the broker's topics nor those that name channels are among them.
  EXPECT_EQ(publish(device, "$SYS/x"), Reason("topic.reserved"));
  EXPECT_EQ(publish(device, "m/plant/c/nothing"), Reason("topic.channel_unknown"));
  EXPECT_EQ(publish(device, "m"), Reason("topic.unknown"));
  EXPECT_EQ(reason(make(plant_, {"a"})), Reason("topic.taken"));
}

TEST_P(OwnTopics, StopWithTheirChannelAndDomain) {
  const auto channel = must(make(plant_, {"heat"}));
  const auto device = make_device(plant_, channel);
  world_->run(set_channel_status(*world_->core, world_->permit<act::UpdateChannel>(world_->admin, channel.id),
                                 Status::disabled, {}));
  EXPECT_EQ(publish(device, "heat"), Reason("channel.disabled"));
  world_->run(
      delete_channel(*world_->core, world_->permit<act::DeleteChannel>(world_->admin, channel.id), {}));
  EXPECT_EQ(publish(device, "heat"), Reason("topic.unknown"));
  EXPECT_EQ(reason(make(plant_, {"heat"})), Reason("none")) << "they are free again";
}

TEST_P(OwnTopics, BelongToOneChannelOfADomain) {
  const auto first = must(make(plant_, {"plants/+/temp/#", "a/b", "/x/#"}));
  for (const auto* taken : {"plants/#", "plants/rose/temp", "plants/rose/+/x", "+/+/temp", "+/#", "#", "a/b",
                            "a/+", "a/b/#", "a/#", "/x", "/+/y", "/#"})
    EXPECT_EQ(reason(make(plant_, {"free", taken})), Reason("topic.taken")) << taken;
  EXPECT_EQ(reason(make(plant_, {"plants/+/hum", "a", "a/b/c", "a/c", "x/#", "//x"})), Reason("none"));
  EXPECT_EQ(reason(make(world_->make_domain("other").id, {"plants/#"})), Reason("none")) << "another domain";
  // Those of its own are not in a channel's way, and what it gives up is free.
  EXPECT_EQ(reason(change(first, {"plants/rose/temp", "plants/rose/temp/#"})), Reason("none"));
  EXPECT_EQ(reason(make(plant_, {"a/b"})), Reason("none"));
  EXPECT_EQ(reason(change(first, {"a/+"})), Reason("topic.taken"));
}

TEST_P(OwnTopics, AreNamedInAConflictToThoseWhoMaySeeTheirChannel) {
  const auto first = must(make(plant_, {"a/+"}));
  const auto seen = make(plant_, {"x", "a/b"});
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().field, "topics[0]") << "in their order";
  EXPECT_NE(seen.error().message.find("\"a/+\" of channel " + first.id.str()), std::string::npos)
      << seen.error().message;
  const auto maker = world_->make_user("maker");
  world_->give(world_->make_role(kind::domain, plant_.str(), {"channel_create"}), kind::user, maker.id.str());
  const auto unseen = make_as(world_->caller(maker.id), plant_, {"a/b"});
  ASSERT_FALSE(unseen);
  EXPECT_EQ(unseen.error().reason, Reason("topic.taken"));
  EXPECT_EQ(unseen.error().message.find("a/+"), std::string::npos) << unseen.error().message;
  EXPECT_EQ(unseen.error().message.find(first.id.str()), std::string::npos);
}

TEST_P(OwnTopics, AreNotComparedWithoutEnd) {
  std::vector<Topics> parts;
  for (std::size_t i = 0; i < kMaxComparedTopics / kMaxTopics + 1; ++i) {
    Topics topics;
    for (std::size_t j = 0; j < kMaxTopics; ++j) topics.push_back(fmt::format("plants/{}/{}", i, j));
    parts.push_back(std::move(topics));
  }
  for (auto& topics : parts) must(make(plant_, std::move(topics)));
  EXPECT_EQ(reason(make(plant_, {"plants/+/temp"})), Reason("topic.too_broad"));
  EXPECT_EQ(reason(make(plant_, {"plants/#"})), Reason("topic.taken"));
  EXPECT_EQ(reason(make(plant_, {"plants/1/temp", "hum/+"})), Reason("none"));
}

// Filters of a few levels of a few names, which often overlap.
Topics random_topics(std::mt19937& random) {
  const auto pick = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
  Topics topics;
  for (int i = pick(3); i >= 0; --i) {
    std::string filter;
    for (int level = 1 + pick(3); level > 0; --level)
      filter += (filter.empty() ? "" : "/") +
                std::string(std::array{"a", "b", "c", "d", "e", "+"}[static_cast<std::size_t>(pick(6))]);
    topics.push_back(pick(4) == 0 ? filter + "/#" : filter);
  }
  return topics;
}

// Writers on several threads are put into the same transactions.
TEST_P(OwnTopics, DoNotOverlapWhoeverWritesWhen) {
  std::vector<Channel> channels;
  for (int i = 0; i < 12; ++i) channels.push_back(must(make(plant_, {})));
  std::atomic<int> taken = 0, done = 0;
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 60; ++i) {
      const auto result = change(channels[random() % channels.size()], random_topics(random));
      if (!result && result.error().reason != Reason("topic.taken")) ADD_FAILURE() << result.error().message;
      ++(result ? done : taken);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 1; t <= 4; ++t) threads.emplace_back(work, t);
  for (auto& thread : threads) thread.join();
  EXPECT_GT(taken, 10);
  EXPECT_GT(done, 10);
  for (auto& channel : channels)
    channel = must(world_->store->read([&](store::Read& read) {
      return get_channel(read, world_->permit<act::ReadChannel>(world_->admin, channel.id));
    }));
  for (const auto& one : channels)
    for (const auto& other : channels) {
      if (one.id == other.id) continue;
      for (const auto& a : one.topics)
        for (const auto& b : other.topics) EXPECT_FALSE(mqtt::filters_overlap(a, b)) << a << " and " << b;
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, OwnTopics, ::testing::ValuesIn(store::testing::engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::app
