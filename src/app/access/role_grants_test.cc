#include "app/access/role_grants.h"

#include <gtest/gtest.h>

#include "app/directory/change.h"
#include "app/test_world.h"
#include "policy/explain.h"

namespace allauth::app {
namespace {

using Words = std::vector<std::string>;
using Elsewhere = std::vector<RoleGrant>;

class RoleGrants : public ::testing::Test {
 protected:
  template <class T>
  static Reason reason(const Result<T>& result) {
    return result ? Reason("none") : result.error().reason;
  }
  Result<Role> make(std::string_view kind, const std::string& id, RoleActions actions) {
    const auto permit = [&] { return world.permit<act::CreateRole>(world.admin, RoleScope(kind, id)); };
    return world.try_run(
        create_role(*world.core, permit(), {fmt::format("role{}", ++roles_), std::move(actions)}));
  }
  Role on_domain(RoleActions actions) {
    return must(make(kind::domain, domain.id.str(), std::move(actions)));
  }
  Result<Role> change(const Role& role, ActionChange how, RoleActions actions, const Caller& who) {
    TRY(auto permit, Gate(*world.core).require<act::ManageRole>(who, role.id));
    return world.try_run(change_actions(*world.core, std::move(permit), how, std::move(actions), {}));
  }
  Result<Role> update(const Role& role, RoleChanges changes) {
    return world.try_run(update_role(*world.core, world.permit<act::ManageRole>(world.admin, role.id),
                                     std::move(changes), {}));
  }
  Role stored(const Role& role) {
    return must(world.store->read([&](store::Read& read) { return require_row<Role>(read, role.id); }));
  }
  Caller holder(const std::vector<Role>& roles) {
    const Caller who = world.caller(world.make_user(fmt::format("user{}", ++users_)).id);
    for (const auto& role : roles) world.give(role, kind::user, who.who.principal.id);
    return who;
  }
  bool may(const Caller& who, std::string_view permission, std::string_view kind, const std::string& id) {
    return must(world.core->engine.check(
                    world.core->now().graph(), 1,
                    {.subject = who.who.principal.subject(), .permission = permission, .object = {kind, id}}))
        .allowed();
  }
  std::uint64_t edges() { return world.core->now().graph().size(); }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  Client client = world.make_client(domain.id).client;
  Client other = world.make_client(domain.id).client;
  int users_ = 0, roles_ = 0;
};

TEST_F(RoleGrants, DenyWhateverElseAllows) {
  const auto team = on_domain({{"client_read", "client_update"}});
  const auto calm = on_domain({{"client_read"}, {"client_update", "client_read"}});
  EXPECT_EQ(words_of(calm).allowed, std::set<std::string>{"client_read"}) << "both of one action may be said";
  const auto free = holder({team}), bound = holder({team, calm});
  EXPECT_TRUE(may(free, "can_update", kind::client, client.id.str()));
  EXPECT_FALSE(may(bound, "can_update", kind::client, client.id.str()));
  EXPECT_FALSE(may(bound, "can_read", kind::client, client.id.str()));
  must(change(calm, ActionChange::remove, {{}, {"client_read"}}, world.admin));
  EXPECT_TRUE(may(bound, "can_read", kind::client, client.id.str()));
  must(change(calm, ActionChange::add, {{}, {"client_read"}}, world.admin));
  EXPECT_FALSE(may(bound, "can_read", kind::client, client.id.str()));
  must(update(calm, {.allowed = Words{}}));
  EXPECT_EQ(words_of(stored(calm)).denied.size(), 2u) << "a list that is not given stays";
  must(update(calm, {.denied = Words{}}));
  EXPECT_TRUE(may(bound, "can_update", kind::client, client.id.str()));
}

TEST_F(RoleGrants, OfEveryActionAreAllThatTheSchemaHas) {
  const auto every = on_domain({{"*"}});
  const auto who = holder({every});
  for (const auto& action : must(list_actions(world.core->schema(), kind::domain)).all)
    EXPECT_TRUE(may(who, "can_" + action, kind::domain, domain.id.str())) << action;
  EXPECT_EQ(words_of(stored(every)).allowed, std::set<std::string>{"*"}) << "kept as it was said";
  const auto nothing = holder({every, on_domain({{}, {"*"}})});
  const auto& schema = world.core->schema();
  for (const auto& action : must(list_actions(schema, kind::domain)).all)
    EXPECT_EQ(may(nothing, "can_" + action, kind::domain, domain.id.str()),
              !schema.is_deniable(*schema.find_definition(kind::domain), action))
        << action;
}

TEST_F(RoleGrants, ThatWouldShutTheWayBackAreRefused) {
  for (const auto* action : {"role_read", "role_manage", "enable"})
    EXPECT_EQ(reason(make(kind::domain, domain.id.str(), {{}, {"read", action}})),
              Reason("role.never_denied"))
        << action;
  EXPECT_EQ(reason(make(kind::platform, std::string(kPlatformId), {{}, {"administer"}})),
            Reason("role.never_denied"));
  const auto role = on_domain({});
  EXPECT_EQ(reason(change(role, ActionChange::add, {{}, {"role_manage"}}, world.admin)),
            Reason("role.never_denied"));
  EXPECT_EQ(reason(update(role, {.denied = Words{"role_read"}})), Reason("role.never_denied"));
  EXPECT_EQ(reason(update(role, {.denied = Words{"fly"}})), Reason("role.action"));
}

// The last owner, and whoever administers the platform, deny themselves all that there is; and come back.
TEST_F(RoleGrants, LockNobodyOutForGood) {
  const auto all = on_domain({{}, {"*"}});
  const auto platform = must(make(kind::platform, std::string(kPlatformId), {{}, {"*"}}));
  const std::string me = world.admin.who.principal.id;
  world.give(all, kind::user, me);
  world.give(platform, kind::user, me);
  EXPECT_FALSE(may(world.admin, "can_update", kind::domain, domain.id.str()));
  EXPECT_FALSE(may(world.admin, "can_user_read", kind::platform, std::string(kPlatformId)));
  must(change(all, ActionChange::remove, {{}, {"*"}}, world.admin));
  must(change(platform, ActionChange::remove, {{}, {"*"}}, world.admin));
  EXPECT_TRUE(may(world.admin, "can_update", kind::domain, domain.id.str()));
  EXPECT_TRUE(may(world.admin, "can_user_read", kind::platform, std::string(kPlatformId)));
}

TEST_F(RoleGrants, OnOneThingHoldThereAlone) {
  const auto role = on_domain({{}, {}, {{kind::client.data(), client.id.str(), "read", Effect::allow}}});
  const auto who = holder({role, on_domain({{"client_update"}})});
  EXPECT_TRUE(may(who, "can_read", kind::client, client.id.str()));
  EXPECT_FALSE(may(who, "can_read", kind::client, other.id.str()));
  must(change(role, ActionChange::add, {{}, {}, {{"client", other.id.str(), "*", Effect::deny}}},
              world.admin));
  EXPECT_TRUE(may(who, "can_update", kind::client, client.id.str()));
  EXPECT_FALSE(may(who, "can_update", kind::client, other.id.str()));
  EXPECT_EQ(words_of(stored(role)).elsewhere.size(), 2u);
  must(change(role, ActionChange::remove, {{}, {}, {{"client", other.id.str(), "*", Effect::deny}}},
              world.admin));
  EXPECT_TRUE(may(who, "can_update", kind::client, other.id.str()));
  must(update(role, {.elsewhere = Elsewhere{}}));
  EXPECT_FALSE(may(who, "can_read", kind::client, client.id.str()));
}

TEST_F(RoleGrants, OnOneThingNeedItToBeInTheirDomain) {
  const auto far = world.make_client(world.make_domain("far").id).client.id.str();
  const auto group = world.make_group(domain.id, "hall");
  const auto on = [&](std::string kind, std::string id, std::string action, Effect effect = Effect::allow) {
    return RoleActions{{}, {}, {{std::move(kind), std::move(id), std::move(action), effect}}};
  };
  const auto refused = [&](RoleActions actions) {
    return reason(make(kind::domain, domain.id.str(), actions));
  };
  EXPECT_EQ(refused(on("client", far, "read")), Reason("role.grant_object"));
  EXPECT_EQ(refused(on("client", "nothing", "read")), Reason("role.grant_object"));
  EXPECT_EQ(refused(on("channel", client.id.str(), "read")), Reason("role.grant_object"));
  EXPECT_EQ(refused(on("client", "", "read")), Reason("role.grant"));
  EXPECT_EQ(refused(on("user", world.admin.who.principal.id, "read")), Reason("role.grant"));
  EXPECT_EQ(refused(on("domain", domain.id.str(), "read")), Reason("role.grant"));
  EXPECT_EQ(refused(on("client", client.id.str(), "publish")), Reason("role.action"));
  EXPECT_EQ(refused(on("group", group.id.str(), "role_manage", Effect::deny)), Reason("role.never_denied"));
  EXPECT_EQ(refused(on("app/things", "", "read")), Reason("role.grant"));
  EXPECT_EQ(refused({{}, {}, Elsewhere(201, {"client", client.id.str(), "read"})}),
            Reason("role.too_many_grants"));
  // A group decides about what is in it; a list of things would go on when they leave.
  EXPECT_EQ(reason(make(kind::group, group.id.str(), on("client", client.id.str(), "read"))),
            Reason("role.grant"));
  EXPECT_EQ(reason(make(kind::platform, "main", on("client", client.id.str(), "read"))),
            Reason("role.grant"));
  EXPECT_EQ(refused(on("group", group.id.str(), "client_read")), Reason("none"));
}

TEST_F(RoleGrants, OnOneThingGoWithIt) {
  const auto channel = world.make_channel(domain.id, "temps");
  const auto group = world.make_group(domain.id, "hall");
  const auto role = on_domain({{"read"},
                               {},
                               {{"client", client.id.str(), "read"},
                                {"client", other.id.str(), "read"},
                                {"channel", channel.id.str(), "*", Effect::deny},
                                {"group", group.id.str(), "*"}}});
  const auto left = [&] { return words_of(stored(role)).elsewhere.size(); };
  ASSERT_EQ(left(), 4u);
  world.run(delete_client(*world.core, world.permit<act::DeleteClient>(world.admin, client.id), {}));
  EXPECT_EQ(left(), 3u);
  world.run(delete_channel(*world.core, world.permit<act::DeleteChannel>(world.admin, channel.id), {}));
  world.run(delete_group(*world.core, world.permit<act::DeleteGroup>(world.admin, group.id),
                         Deletion::if_empty, {}));
  EXPECT_EQ(left(), 1u);
  EXPECT_EQ(words_of(stored(role)).allowed, std::set<std::string>{"read"});
  EXPECT_FALSE(world.core->now().graph().has_denials());
  world.run(delete_domain(*world.core, world.permit<act::DeleteDomain>(world.admin, domain.id),
                          Deletion::forced, {}));
}

TEST_F(RoleGrants, OfApplicationsHoldForWhatIsWithin) {
  const auto before = edges();
  const auto on_platform = [&](Elsewhere elsewhere) {
    return must(make(kind::platform, std::string(kPlatformId), {{}, {}, std::move(elsewhere)}));
  };
  const auto reader = on_platform({{"shop/orders", "", "read"}, {"shop/orders", "o/1", "edit"}});
  const auto clerk = on_platform({{"shop/orders", "", "*"}, {"shop/orders", "o/1", "edit", Effect::deny}});
  const auto owner = on_platform({{"shop/*", "", "*"}});
  const auto reads = holder({reader}), works = holder({clerk}), owns = holder({owner});
  const auto uses = [&](const Caller& who, const std::string& entry) {
    return may(who, "can_use", kind::catalogue, entry);
  };
  EXPECT_TRUE(uses(reads, "shop/orders/read"));
  EXPECT_TRUE(uses(reads, "shop/orders/edit/o/1"));
  EXPECT_FALSE(uses(reads, "shop/orders/edit"));
  EXPECT_TRUE(uses(works, "shop/orders/edit"));
  EXPECT_TRUE(uses(works, "shop/orders/read"));
  EXPECT_FALSE(uses(works, "shop/orders/edit/o/1"));
  EXPECT_FALSE(uses(works, "shop"));
  EXPECT_TRUE(uses(owns, "shop/orders/edit/o/1"));
  for (const auto& role : {reader, clerk, owner})
    world.run(delete_role(*world.core, world.permit<act::ManageRole>(world.admin, role.id), {}));
  EXPECT_EQ(edges(), before + 3 * 2) << "of the three users; the catalogue is empty again";
}

TEST_F(RoleGrants, OfApplicationsAreNamesOfTheirOwn) {
  const auto refused = [&](std::string kind, std::string object, std::string action) {
    return reason(make(kind::platform, std::string(kPlatformId),
                       {{}, {}, {{std::move(kind), std::move(object), std::move(action)}}}));
  };
  EXPECT_EQ(refused("shop/orders", "", "read"), Reason("none"));
  for (const auto* kind : {"/", "/orders", "shop/", "shop/a/b", "*/orders", "shop/a b", "shop/a\n"})
    EXPECT_EQ(refused(kind, "", "read"), Reason("role.grant")) << kind;
  EXPECT_EQ(refused("shop/*", "", "read"), Reason("role.grant"));
  for (const auto* action : {"", "a/b", "a b"})
    EXPECT_EQ(refused("shop/orders", "", action), Reason("role.grant")) << action;
  EXPECT_EQ(refused("shop/orders", "o1", "*"), Reason("role.grant"));
  EXPECT_EQ(refused("shop/orders", std::string(513, 'o'), "read"), Reason("role.grant"));
  EXPECT_EQ(refused(std::string(129, 'o') + "/orders", "", "read"), Reason("role.grant"));
}

TEST_F(RoleGrants, AreWhatWhoeverMakesAKeyMustHoldAsWell) {
  const auto role = on_domain({{}, {"client_delete"}, {{"client", other.id.str(), "update"}}});
  world.give(role, kind::client, client.id.str());
  const auto keys = [&](const Words& actions) {
    const auto who = holder({on_domain({actions})});
    return reason(world.store->read([&](store::Read& read) -> Result<bool> {
      TRY(require_may_act_as(*world.core, read, who, client.id));
      return true;
    }));
  };
  EXPECT_EQ(keys({"client_key"}), Reason("key.roles"));
  EXPECT_EQ(keys({"client_key", "client_update"}), Reason("none"));
}

}  // namespace
}  // namespace allauth::app
