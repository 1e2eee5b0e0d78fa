#include "app/access/questions.h"

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::app {
namespace {

class Questions : public ::testing::Test {
 protected:
  Questions() { world.make_connection(client, channel.id, {.publish = true}); }
  Question about(std::string permission) {
    return {Principal{PrincipalKind::client, client.str()}, std::move(permission), "channel",
            channel.id.str()};
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
    const auto explained = must(explain(*world.core, stranger, {{}, "read", "client", id}));
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

}  // namespace
}  // namespace allauth::app
