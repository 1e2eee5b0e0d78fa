#include "app/access/gate.h"

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::app {
namespace {

static_assert(!std::is_copy_constructible_v<Permit<act::ReadUser>>);
static_assert(!std::is_constructible_v<Permit<act::ReadUser>, Caller, UserId, policy::Decision>,
              "only the gate makes permits");

TEST(TheGate, TellsOutsidersNothingAndMembersWhatTheyLack) {
  TestWorld world;
  const auto domain = world.make_domain("plant");
  const auto client = world.make_client(domain.id).client;
  const auto outsider = world.caller(world.make_user("outsider").id);
  const auto member_user = world.make_user("member");
  world.join(domain.id, member_user.id, DomainRole::member);
  const auto member = world.caller(member_user.id);
  const Gate gate(*world.core);

  const auto hidden = gate.require<act::UpdateClient>(outsider, client.id);
  const auto absent = gate.require<act::UpdateClient>(outsider, ClientId::trusted("no-such-client"));
  ASSERT_FALSE(hidden);
  ASSERT_FALSE(absent);
  EXPECT_EQ(hidden.error().code, Code::not_found);
  EXPECT_EQ(hidden.error().reason, absent.error().reason);
  EXPECT_EQ(hidden.error().message, absent.error().message);

  EXPECT_TRUE(gate.require<act::ReadClient>(member, client.id));
  const auto refused = gate.require<act::UpdateClient>(member, client.id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::denied);
  EXPECT_EQ(refused.error().reason, Reason("gate.denied"));
}

TEST(ThePermit, IsAskedForAgainJustBeforeTheWriteRuns) {
  TestWorld world;
  const auto domain = world.make_domain("plant");
  const auto user = world.make_user("ada");
  world.join(domain.id, user.id, DomainRole::admin);
  auto held = world.permit<act::CreateClient>(world.caller(user.id), domain.id);
  auto prepared = create_client(*world.core, std::move(held), {.common = {.name = "late"}});
  world.run(
      remove_member(*world.core, world.permit<act::ManageMembers>(world.admin, domain.id), user.id, {}));
  const auto late = world.try_run(std::move(prepared));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::not_found);  // no member any more: the domain is not theirs to know
}

TEST(ThePermit, DiesWithTheCallersAccount) {
  TestWorld world;
  const auto domain = world.make_domain("plant");
  const auto user = world.make_user("ada");
  world.join(domain.id, user.id, DomainRole::owner);
  auto prepared =
      create_client(*world.core, world.permit<act::CreateClient>(world.caller(user.id), domain.id),
                    {.common = {.name = "x"}});
  world.run(set_user_status(*world.core, world.permit<act::EnableUser>(world.admin, user.id),
                            Status::disabled, {}));
  const auto late = world.try_run(std::move(prepared));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, Reason("gate.credential"));
}

TEST(Restrictions, NarrowWhatTheOwnerMayDo) {
  TestWorld world;
  const auto domain = world.make_domain("plant");
  Caller narrowed = world.admin;
  narrowed.who.restrictions =
      std::make_shared<policy::Restrictions>(policy::Restrictions{{{"domain", "read", {}, domain.id.str()}}});
  const Gate gate(*world.core);
  EXPECT_TRUE(gate.require<act::ReadDomain>(narrowed, domain.id));
  EXPECT_FALSE(gate.require<act::UpdateDomain>(narrowed, domain.id));
}

}  // namespace
}  // namespace allauth::app
