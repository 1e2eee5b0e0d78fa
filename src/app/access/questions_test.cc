#include "app/access/questions.h"

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::app {
namespace {

class Questions : public ::testing::Test {
 protected:
  Questions() { world.make_connection(client, channel.id, {.publish = true}); }
  Question about(std::string_view permission) {
    return {.subject = policy::SubjectRef{{kind::client, client.str()}},
            .permission = permission,
            .object = {kind::channel, channel.id.str()}};
  }
  TestWorld world;
  Domain domain = world.make_domain("plant");
  Channel channel = world.make_channel(domain.id, "temps");
  ClientId client = world.make_client(domain.id).client.id;
};

TEST_F(Questions, AreAnsweredUnderPlainAndFullNames) {
  for (auto permission : {"publish", "can_publish"}) {
    const auto answer = must(check(*world.core, world.admin, about(permission)));
    EXPECT_TRUE(answer.allowed);
    EXPECT_EQ(answer.rule, "channel#publisher");
  }
  EXPECT_FALSE(must(check(*world.core, world.admin, about("subscribe"))).allowed);
  EXPECT_EQ(check(*world.core, world.admin, about("fly")).error().reason,
            Reason("policy.permission.unknown"));
}

TEST_F(Questions, AndExplanationsAgree) {
  for (auto permission : {"publish", "subscribe"}) {
    const auto explanation = must(explain(*world.core, world.admin, about(permission)));
    EXPECT_EQ(explanation.allowed, must(check(*world.core, world.admin, about(permission))).allowed);
    EXPECT_FALSE(explanation.text.empty());
  }
  const auto text = must(explain(*world.core, world.admin, about("subscribe"))).text;
  EXPECT_NE(text.find("may not subscribe"), std::string::npos) << text;
}

TEST_F(Questions, AboutOthersAreForThoseWhoMaySeeTheRolesThere) {
  const auto stranger = world.caller(world.make_user("stranger").id);
  EXPECT_EQ(check(*world.core, stranger, about("publish")).error().reason, Reason("question.subject"));
  const auto member = world.make_user("member");
  world.join(domain.id, member.id, DomainRole::member);
  EXPECT_TRUE(check(*world.core, world.caller(member.id), about("publish")));
  EXPECT_EQ(explain(*world.core, stranger, about("publish")).error().reason, Reason("question.subject"));
}

TEST_F(Questions, DoNotTellStrangersWhatExists) {
  const auto stranger = world.caller(world.make_user("stranger").id);
  const auto text = [&](const std::string& id) {
    const auto explained =
        must(explain(*world.core, stranger, {.permission = "read", .object = {"client", id}}));
    EXPECT_FALSE(explained.allowed);
    EXPECT_TRUE(explained.steps.empty());
    return explained.text;
  };
  EXPECT_EQ(text(client.str()), text("no-such-client"));
}

TEST_F(Questions, AboutOneselfAreForEverybody) {
  Question question = about("read");
  question.subject.reset();
  EXPECT_FALSE(must(check(*world.core, world.caller(world.make_user("stranger").id), question)).allowed);
}

TEST_F(Questions, OfOneCallAreAnsweredFromOneState) {
  auto asking = must(Asking::begin(*world.core, world.admin));
  EXPECT_TRUE(must(asking.decide(about("publish"))).allowed());
  world.run(disconnect(*world.core, world.permit<act::ConnectChannel>(world.admin, channel.id), client, {}));
  EXPECT_TRUE(must(asking.decide(about("publish"))).allowed()) << "the state that was asked first";
  EXPECT_FALSE(must(check(*world.core, world.admin, about("publish"))).allowed);
}

TEST_F(Questions, OfOneCallTakeTheRightInEachDomainThatTheyAreAbout) {
  const Domain other = world.make_domain("other");
  const Channel elsewhere = world.make_channel(other.id, "temps");
  const auto member = world.make_user("member");
  world.join(domain.id, member.id, DomainRole::member);
  const auto caller = world.caller(member.id);
  auto asking = must(Asking::begin(*world.core, caller));
  Question there = about("publish");
  there.object = {kind::channel, elsewhere.id.str()};
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(must(asking.decide(about("publish"))).allowed());
    EXPECT_EQ(asking.decide(there).error().reason, Reason("question.subject"));
  }
}

TEST_F(Questions, OfOneCallMayTakeSoMuchTimeTogether) {
  auto asking = must(Asking::begin(*world.core, world.admin));
  world.clock.advance(Asking::kMostTime);
  EXPECT_TRUE(asking.decide(about("publish")));
  world.clock.advance(Millis(1));
  EXPECT_EQ(asking.decide(about("publish")).error().reason, Reason("question.time"));
}

TEST_F(Questions, AreNotAnsweredForACredentialThatEnded) {
  const auto stranger = world.make_user("stranger");
  const auto caller = world.caller(stranger.id);
  world.run(set_user_status(*world.core, world.permit<act::EnableUser>(world.admin, stranger.id),
                            Status::disabled, {}));
  EXPECT_EQ(Asking::begin(*world.core, caller).error().reason, Reason("gate.credential"));
}

}  // namespace
}  // namespace allauth::app
