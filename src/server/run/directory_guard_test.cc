#include "server/run/directory_guard.h"

#include <gtest/gtest.h>

#include "app/identity/tokens.h"
#include "app/test_world.h"

namespace allauth::server {
namespace {

using app::must;

class TheGuard : public ::testing::Test {
 protected:
  TheGuard() { world.make_connection(client.client.id, channel.id, {.publish = true, .subscribe = true}); }

  mqtt::ConnectOutcome connect(std::string mqtt_id, std::optional<std::string> username,
                               std::string password) {
    mqtt::ConnectRequest request{.client_id = std::move(mqtt_id), .password = Secret(std::move(password))};
    request.has_username = username.has_value();
    request.username = username.value_or("");
    std::optional<mqtt::ConnectOutcome> outcome;
    make_authenticator([this] { return world.core.get(); })(
        std::move(request), [&](mqtt::ConnectOutcome o) { outcome = std::move(o); });
    return std::move(*outcome);
  }
  mqtt::ConnectOutcome connect_as(std::string mqtt_id) { return connect(std::move(mqtt_id), id, key); }
  std::string broker_id(std::string mqtt_id) {
    const auto outcome = connect_as(std::move(mqtt_id));
    const auto* accepted = std::get_if<mqtt::Accepted>(&outcome);
    return accepted != nullptr ? accepted->broker_client_id : "refused";
  }
  static mqtt::Refusal refusal(const mqtt::ConnectOutcome& outcome) {
    return std::get<mqtt::Refusal>(outcome);
  }
  std::unique_ptr<mqtt::Guard> guard() {
    auto outcome = connect_as("");
    return std::move(std::get<mqtt::Accepted>(outcome).guard);
  }

  app::TestWorld world;
  Domain domain = world.make_domain("plant");
  Channel channel = world.make_channel(domain.id, "temps");
  app::CreatedClient client = world.make_client(domain.id);
  std::string id = client.client.id.str();
  std::string key = client.key.key.copy().reveal();
  std::string by_id = "m/" + domain.id.str() + "/c/" + channel.id.str();
};

TEST_F(TheGuard, LetsInClientsWithTheirKeyOnly) {
  EXPECT_TRUE(std::holds_alternative<mqtt::Accepted>(connect_as("")));
  EXPECT_EQ(refusal(connect("", id, "wrong key of some length")), mqtt::Refusal::bad_credentials);
  EXPECT_EQ(refusal(connect("", id, "")), mqtt::Refusal::bad_credentials);
  EXPECT_EQ(refusal(connect("", std::nullopt, key)), mqtt::Refusal::bad_credentials);
  EXPECT_EQ(refusal(connect("", "../../etc", key)), mqtt::Refusal::bad_credentials);
  const auto other = world.make_client(domain.id);
  EXPECT_EQ(refusal(connect("", other.client.id.str(), key)), mqtt::Refusal::bad_credentials);
}

TEST_F(TheGuard, LetsInUsersWithTheirTokens) {
  const auto user = world.make_user("ann");
  const auto ann = world.caller(user.id);
  world.give(world.make_role(kind::channel, channel.id.str(), {"publish", "subscribe"}), kind::user,
             user.id.str());
  const auto token =
      world.run(create_token(*world.core, world.permit<app::act::IssueTokens>(ann, user.id),
                             {.name = "token", .scopes = {must(policy::parse_scope("channel publish"))}}));
  const auto secret = token.secret.copy().reveal();
  EXPECT_TRUE(std::holds_alternative<mqtt::Accepted>(connect("", std::nullopt, secret)));
  EXPECT_EQ(refusal(connect(id, "whoever", secret)), mqtt::Refusal::bad_client_id);
  EXPECT_EQ(refusal(connect("", "whoever", secret + "x")), mqtt::Refusal::bad_credentials);
  auto outcome = connect("mine", "whoever", secret);
  auto& accepted = std::get<mqtt::Accepted>(outcome);
  EXPECT_EQ(accepted.broker_client_id, user.id.str() + "/mine");
  EXPECT_TRUE(accepted.guard->publish(by_id, {}).verdict.granted());
  EXPECT_FALSE(accepted.guard->subscribe(by_id, {}).verdict.granted());
  EXPECT_TRUE(accepted.guard->alive().granted());
  world.run(revoke_token(*world.core, world.permit<app::act::ManageTokens>(ann, user.id), token.row.id, {}));
  EXPECT_FALSE(accepted.guard->alive().granted());
  EXPECT_EQ(refusal(connect("", "whoever", secret)), mqtt::Refusal::bad_credentials);
}

TEST_F(TheGuard, RefusesTheDisabled) {
  world.run(app::set_client_status(*world.core,
                                   world.permit<app::act::UpdateClient>(world.admin, client.client.id),
                                   Status::disabled, {}));
  EXPECT_EQ(refusal(connect_as("")), mqtt::Refusal::banned);
}

TEST_F(TheGuard, DecidesNothingWhileTheStateIsTooOld) {
  const auto admitted = guard();
  EXPECT_TRUE(admitted->publish(by_id, {}).verdict.granted());
  const auto before = admitted->revision();
  world.hub.watch(Seconds(60));
  world.clock.advance(Seconds(61));
  ASSERT_TRUE(world.turns_stale());
  EXPECT_NE(admitted->revision(), before) << "what was granted before is asked again";
  for (const auto& verdict : {admitted->publish(by_id, {}).verdict, admitted->subscribe(by_id, {}).verdict,
                              admitted->deliver(by_id, {}).verdict, admitted->alive()}) {
    EXPECT_EQ(verdict.outcome, Outcome::error);
    EXPECT_EQ(verdict.reason, Reason("state.stale"));
  }
  EXPECT_EQ(refusal(connect_as("")), mqtt::Refusal::unavailable);
  world.hub.contact();
  EXPECT_TRUE(admitted->publish(by_id, {}).verdict.granted());
  EXPECT_TRUE(admitted->alive().granted());
  EXPECT_TRUE(std::holds_alternative<mqtt::Accepted>(connect_as("")));
}

TEST_F(TheGuard, KeepsTheSessionsOfClientsApart) {
  const auto one = broker_id("");
  EXPECT_TRUE(one.starts_with(id + "/auto-")) << one;
  EXPECT_NE(one, broker_id(""));
  EXPECT_EQ(broker_id(id), id);
  EXPECT_EQ(broker_id("pump"), id + "/pump");
  const auto other = world.make_client(domain.id).client.id.str();
  EXPECT_EQ(refusal(connect_as(other)), mqtt::Refusal::bad_client_id);
  // Whatever it is called, it stays within the client's own name.
  EXPECT_EQ(broker_id(other + "/x"), id + "/" + other + "/x");
}

TEST_F(TheGuard, TurnsRoutesIntoIdsForTheBroker) {
  const auto session = guard();
  EXPECT_EQ(session->publish("m/plant/c/temps/a", {}).topic, by_id + "/a");
  EXPECT_EQ(session->publish(by_id + "/a", {}).topic, "");
  EXPECT_EQ(session->subscribe("m/plant/c/temps/#", {}).topic, by_id + "/#");
  EXPECT_EQ(session->subscribe("$share/g/m/plant/c/temps/#", {}).topic, "$share/g/" + by_id + "/#");
  EXPECT_EQ(session->unsubscribe("m/plant/c/temps/#"), by_id + "/#");
  EXPECT_EQ(session->unsubscribe("something/else"), "m/" + domain.id.str() + "/t/something/else");
  EXPECT_EQ(session->unsubscribe("m/nowhere/c/x"), "m/nowhere/c/x");
  EXPECT_TRUE(session->deliver(by_id + "/a", {}).verdict.granted());
}

TEST_F(TheGuard, KnowsTheTopicsOfItsClientsDomain) {
  const auto change = [&](Topics topics) {
    world.run(app::update_channel(*world.core, world.permit<app::act::UpdateChannel>(world.admin, channel.id),
                                  {.topics = std::move(topics)}, {}));
  };
  change({"heat/#"});
  const auto session = guard();
  const auto theirs = "m/" + domain.id.str() + "/t/heat/1";
  EXPECT_EQ(session->publish("heat/1", {}).topic, theirs);
  EXPECT_EQ(session->subscribe("$share/g/heat/+", {}).topic, "$share/g/m/" + domain.id.str() + "/t/heat/+");
  EXPECT_TRUE(session->deliver(theirs, {}).verdict.granted());
  const auto before = session->revision();
  change({});
  EXPECT_GT(session->revision(), before);
  EXPECT_FALSE(session->publish("heat/1", {}).verdict.granted());
  EXPECT_FALSE(session->subscribe("heat/#", {}).verdict.granted());
  EXPECT_FALSE(session->deliver(theirs, {}).verdict.granted());
}

TEST_F(TheGuard, HandsOnTheQosOfTheChannel) {
  const auto session = guard();
  EXPECT_EQ(session->subscribe(by_id, {.qos = 1}).qos, 2);
  world.run(app::update_channel(*world.core, world.permit<app::act::UpdateChannel>(world.admin, channel.id),
                                {.max_qos = 0}, {}));
  EXPECT_EQ(session->publish(by_id, {.qos = 1}).verdict.reason, Reason("message.qos"));
  EXPECT_TRUE(session->publish(by_id, {.qos = 1}).depends_on.qos);
  EXPECT_TRUE(session->publish(by_id, {.qos = 0}).verdict.granted());
  EXPECT_EQ(session->subscribe(by_id, {.qos = 1}).qos, 0);
  EXPECT_EQ(session->deliver(by_id, {.qos = 1}).qos, 0);
}

TEST_F(TheGuard, TakesBackRightsAtOnce) {
  const auto session = guard();
  const auto before = session->revision();
  world.run(app::disconnect(*world.core, world.permit<app::act::ConnectChannel>(world.admin, channel.id),
                            client.client.id, {}));
  EXPECT_GT(session->revision(), before);
  EXPECT_FALSE(session->publish(by_id, {}).verdict.granted());
  EXPECT_FALSE(session->subscribe(by_id, {}).verdict.granted());
  EXPECT_FALSE(session->deliver(by_id, {}).verdict.granted());
  EXPECT_TRUE(session->alive().granted());
}

TEST_F(TheGuard, EndsWithItsKey) {
  const auto session = guard();
  EXPECT_TRUE(session->alive().granted());
  world.run(app::delete_key(*world.core, world.permit<app::act::ManageKeys>(world.admin, client.client.id),
                            client.key.id));
  EXPECT_EQ(session->alive().reason, Reason("key.revoked"));
}

TEST_F(TheGuard, EndsWithItsDomain) {
  const auto session = guard();
  world.run(app::set_domain_status(*world.core, world.permit<app::act::EnableDomain>(world.admin, domain.id),
                                   Status::disabled, {}));
  EXPECT_EQ(session->alive().reason, Reason("domain.disabled"));
}

}  // namespace
}  // namespace allauth::server
