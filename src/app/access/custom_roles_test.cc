#include "app/access/custom_roles.h"

#include <gtest/gtest.h>

#include "app/access/built_in_roles.h"
#include "app/identity/authenticate.h"
#include "app/test_world.h"
#include "store/lookups.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

class Roles : public ::testing::Test {
 protected:
  template <class T>
  static Reason reason(const Result<T>& result) {
    return result ? Reason("none") : result.error().reason;
  }
  Result<Role> make(const Caller& who, std::string_view kind, const std::string& id, RoleActions actions,
                    std::string name = "role") {
    TRY(auto permit, Gate(*world.core).require<act::CreateRole>(who, RoleScope(kind, id)));
    return world.try_run(create_role(*world.core, std::move(permit), {std::move(name), std::move(actions)}));
  }
  Result<std::vector<RoleMember>> add(const Caller& who, const RoleId& role,
                                      std::vector<NewRoleMember> members) {
    TRY(auto permit, Gate(*world.core).require<act::ManageRole>(who, role));
    return world.try_run(add_role_members(*world.core, std::move(permit), std::move(members)));
  }
  Result<store::Done> remove(const Caller& who, const RoleId& role, std::string_view kind,
                             const std::string& id) {
    TRY(auto permit, Gate(*world.core).require<act::ManageRole>(who, role));
    return world.try_run(remove_role_member(*world.core, std::move(permit), std::string(kind), id, {}));
  }
  Permit<act::ManageRole> manage(const Role& role) {
    return world.permit<act::ManageRole>(world.admin, role.id);
  }
  Caller fresh_user() { return world.caller(world.make_user(fmt::format("user{}", ++users_)).id); }
  // Somebody with a role of these actions.
  Caller holder(std::string_view kind, const std::string& id, std::vector<std::string> actions) {
    const Caller who = fresh_user();
    world.give(world.make_role(kind, id, std::move(actions), who.who.principal.id), kind::user,
               who.who.principal.id);
    return who;
  }
  Role built_in(DomainRole role) {
    return must(
        world.store->read([&](store::Read& read) { return find_domain_role(read, domain.id, role); }));
  }
  std::string id_of(const Caller& who) { return who.who.principal.id; }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  int users_ = 0;
};

TEST_F(Roles, GrantWhatTheSchemaCallsAnActionOfTheirScope) {
  const auto client = world.make_client(domain.id).client.id.str();
  for (const auto* bad : {"fly", "can_read", "client_read", "domain", "**", "re*", ""})
    EXPECT_EQ(reason(make(world.admin, kind::client, client, {{"read", bad}, {}})), Reason("role.action"))
        << bad;
  const auto role = must(make(world.admin, kind::client, client, {{"update", "read", "read"}, {}}));
  const auto who = fresh_user();
  EXPECT_EQ(reason(add(world.admin, role.id, {{"user", id_of(who), {}}})), Reason("none"));
  EXPECT_TRUE(world.may(who, "can_update", kind::client, client));
  EXPECT_FALSE(world.may(who, "can_key", kind::client, client));
  const auto listed = must(list_actions(world.core->schema(), "client")).all;
  EXPECT_TRUE(std::ranges::find(listed, "key") != listed.end());
  for (const auto* kind : {"user", "role", "planet", ""})
    EXPECT_EQ(reason(list_actions(world.core->schema(), kind)), Reason("role.scope")) << kind;
  EXPECT_EQ(reason(parse_scope(world.core->schema(), "user", "u1")), Reason("role.scope"));
  EXPECT_EQ(must(parse_scope(world.core->schema(), "platform", "")).str(), kPlatformId);
}

TEST_F(Roles, CanBeRenamedAndGivenOtherActions) {
  const auto who = fresh_user();
  const auto role = world.make_role(kind::domain, domain.id.str(), {"client_read"}, "readers");
  world.give(role, kind::user, id_of(who));
  const auto channel = world.make_channel(domain.id, "temps").id.str();
  const auto may = [&](std::string_view permission) {
    return world.may(who, permission, kind::channel, channel);
  };
  const auto change = [&](ActionChange how, std::vector<std::string> actions) {
    return world.run(change_actions(*world.core, manage(role), how, {std::move(actions), {}}, {}));
  };
  EXPECT_EQ(change(ActionChange::add, {"channel_read", "channel_publish", "channel_read"}).grants.size(), 3u);
  EXPECT_TRUE(may("can_read") && may("can_publish"));
  EXPECT_EQ(change(ActionChange::remove, {"channel_publish", "channel_update"}).grants.size(), 2u);
  EXPECT_TRUE(may("can_read") && !may("can_publish"));
  const auto renamed =
      world.run(update_role(*world.core, manage(role),
                            {.name = "writers", .allowed = std::vector<std::string>{"channel_publish"}}, {}));
  EXPECT_EQ(renamed.name, "writers");
  EXPECT_TRUE(!may("can_read") && may("can_publish"));
  EXPECT_EQ(reason(world.try_run(update_role(*world.core, manage(role), {.name = "x"}, role.stamp.revision))),
            Reason("revision.stale"));
  EXPECT_EQ(reason(world.try_run(update_role(*world.core, manage(role), {.name = "owner"}, {}))),
            Reason("name.taken"));
  EXPECT_EQ(reason(make(world.admin, kind::domain, domain.id.str(), {}, "writers")), Reason("name.taken"));
  world.run(delete_role(*world.core, manage(role), {}));
  EXPECT_FALSE(may("can_publish"));
  EXPECT_EQ(reason(Gate(*world.core).require<act::ReadRole>(world.admin, role.id)), Reason("object.missing"));
}

TEST_F(Roles, OfTheProgramStayAsTheyAre) {
  const auto who = fresh_user();
  for (const auto kind_of_role : {DomainRole::owner, DomainRole::admin, DomainRole::member}) {
    const auto role = built_in(kind_of_role);
    EXPECT_EQ(reason(world.try_run(update_role(*world.core, manage(role), {.name = "x"}, {}))),
              Reason("role.built_in"));
    EXPECT_EQ(reason(world.try_run(
                  change_actions(*world.core, manage(role), ActionChange::add, {{"read"}, {}}, {}))),
              Reason("role.built_in"));
    EXPECT_EQ(reason(world.try_run(delete_role(*world.core, manage(role), {}))), Reason("role.built_in"));
    EXPECT_EQ(reason(add(world.admin, role.id, {{"user", id_of(who), {}}})), Reason("role.built_in"));
    EXPECT_EQ(reason(remove(world.admin, role.id, "user", id_of(world.admin))), Reason("role.built_in"));
  }
  const auto platform = RoleId::trusted(std::string(kPlatformAdminRole));
  EXPECT_EQ(reason(world.try_run(
                delete_role(*world.core, world.permit<act::ManageRole>(world.admin, platform), {}))),
            Reason("role.built_in"));
}

TEST_F(Roles, OfThePlatformKeepALastingAdministrator) {
  const auto platform = RoleId::trusted(std::string(kPlatformAdminRole));
  const auto second = fresh_user();
  const auto soon = world.clock.now() + Seconds(60);
  EXPECT_EQ(reason(remove(world.admin, platform, "user", id_of(world.admin))), Reason("admin.last"));
  EXPECT_EQ(reason(add(world.admin, platform, {{"user", id_of(world.admin), soon}})), Reason("admin.last"));
  // An administrator for a while does not count as the one who stays.
  EXPECT_EQ(reason(add(world.admin, platform, {{"user", id_of(second), soon}})), Reason("none"));
  EXPECT_TRUE(world.may(second, "can_administer", kind::platform, std::string(kPlatformId)));
  EXPECT_EQ(reason(remove(world.admin, platform, "user", id_of(world.admin))), Reason("admin.last"));
  EXPECT_EQ(reason(remove(world.admin, platform, "user", id_of(second))), Reason("none"));
  EXPECT_EQ(reason(add(world.admin, platform, {{"user", id_of(second), {}}})), Reason("none"));
  EXPECT_EQ(reason(remove(world.admin, platform, "user", id_of(world.admin))), Reason("none"));
  EXPECT_FALSE(world.may(world.admin, "can_administer", kind::platform, std::string(kPlatformId)));
}

TEST_F(Roles, HaveUsersAndClientsOfTheirDomainAsMembers) {
  const auto role = world.make_role(kind::domain, domain.id.str(), {"channel_subscribe"});
  const auto client = world.make_client(domain.id).client.id.str();
  const auto far = world.make_client(world.make_domain("other").id).client.id.str();
  const auto who = fresh_user();
  EXPECT_EQ(reason(add(world.admin, role.id, {{"user", id_of(who), {}}, {"client", far, {}}})),
            Reason("client.missing"));
  EXPECT_EQ(reason(add(world.admin, role.id, {{"user", "nobody", {}}})), Reason("user.missing"));
  EXPECT_EQ(reason(add(world.admin, role.id, {{"role", "r", {}}})), Reason("role.member_kind"));
  EXPECT_EQ(reason(add(world.admin, role.id, {})), Reason("role.members"));
  EXPECT_EQ(reason(add(world.admin, role.id, std::vector<NewRoleMember>(101, {"user", id_of(who), {}}))),
            Reason("role.members"));
  EXPECT_EQ(reason(add(world.admin, role.id, {{"user", id_of(who), world.clock.now()}})),
            Reason("role.expires_at"));
  const auto list = [&](const ListRequest& request) {
    return must(world.store->read([&](store::Read& read) {
      return list_role_members(read, world.permit<act::ReadRole>(world.admin, role.id), request);
    }));
  };
  EXPECT_TRUE(list({}).items.empty()) << "all or nothing";
  EXPECT_EQ(must(add(world.admin, role.id, {{"user", id_of(who), {}}, {"client", client, {}}})).size(), 2u);
  const auto first = list({.size = 1});
  ASSERT_EQ(first.items.size(), 1u);
  EXPECT_EQ(first.items[0].subject_kind, "client");
  EXPECT_EQ(list({.size = 1, .token = first.next_token}).items[0].subject_id, id_of(who));
  const auto channel = world.make_channel(domain.id, "temps").id.str();
  const Caller device{{.principal = {PrincipalKind::client, client}}, "r"};
  const auto listens = [&] {
    return must(world.core->engine.check(world.core->now().graph(), 0,
                                         {.subject = device.who.principal.subject(),
                                          .permission = "can_subscribe",
                                          .object = {kind::channel, channel}}))
        .allowed();
  };
  EXPECT_TRUE(listens());
  EXPECT_EQ(reason(remove(world.admin, role.id, "client", client)), Reason("none"));
  EXPECT_FALSE(listens());
  EXPECT_EQ(reason(remove(world.admin, role.id, "client", client)), Reason("role.member_missing"));
  EXPECT_EQ(reason(make(world.admin, kind::platform, "main", {{"user_read"}, {}})), Reason("none"));
}

TEST_F(Roles, EndForAMemberWhenTheTimeHasCome) {
  const auto role = world.make_role(kind::domain, domain.id.str(), {"read"});
  const auto soon = fresh_user(), later = fresh_user(), always = fresh_user();
  const auto at = [&](int seconds) { return world.clock.now() + Seconds(seconds); };
  must(add(world.admin, role.id,
           {{"user", id_of(soon), at(10)}, {"user", id_of(later), at(20)}, {"user", id_of(always), {}}}));
  const auto sees = [&](const Caller& who) {
    return world.may(who, "can_read", kind::domain, domain.id.str());
  };
  const auto sweep = [&] {
    const bool due = must(
        world.store->read([&](store::Read& read) { return has_expired_members(read, world.clock.now()); }));
    const auto done = world.try_run(Result<store::Write<store::Done>>(expire_members()));
    EXPECT_EQ(done.has_value(), due);
    return due;
  };
  EXPECT_FALSE(sweep());
  world.clock.advance(Seconds(10));
  EXPECT_TRUE(sees(soon)) << "until somebody looks, which the server does several times a second";
  EXPECT_TRUE(sweep());
  EXPECT_FALSE(sees(soon));
  EXPECT_TRUE(sees(later) && sees(always));
  must(add(world.admin, role.id, {{"user", id_of(later), {}}}));  // lasts now
  world.clock.advance(Seconds(100));
  EXPECT_FALSE(sweep());
  EXPECT_TRUE(sees(later) && sees(always));
}

// The attack: whoever manages the roles of one client tries to get further.
TEST_F(Roles, OfOneClientAreNoWayToTheDomain) {
  const auto client = world.make_client(domain.id).client.id.str();
  const auto other = world.make_client(domain.id).client.id.str();
  const auto mallory = holder(kind::client, client, {"role_manage"});
  const auto all = must(list_actions(world.core->schema(), "client")).all;
  const auto own = must(make(mallory, kind::client, client, {all, {}}, "everything"));
  must(add(mallory, own.id, {{"user", id_of(mallory), {}}}));
  EXPECT_TRUE(world.may(mallory, "can_key", kind::client, client)) << "all of its scope";
  // Nothing beyond it: not by scope, not by the name of an action, not by other roles.
  for (const auto& [kind, id] : {std::pair<std::string_view, std::string>{kind::domain, domain.id.str()},
                                 {kind::client, other},
                                 {kind::platform, "main"}})
    EXPECT_FALSE(make(mallory, kind, id, {{"read"}, {}}, "x")) << kind;
  EXPECT_EQ(reason(make(mallory, kind::client, client, {{"client_read"}, {}}, "x")), Reason("role.action"));
  EXPECT_FALSE(add(mallory, built_in(DomainRole::owner).id, {{"user", id_of(mallory), {}}}));
  EXPECT_FALSE(add(mallory, world.make_role(kind::domain, domain.id.str(), {"read"}).id,
                   {{"user", id_of(mallory), {}}}));
  for (const auto* permission :
       {"can_read", "can_update", "can_role_manage", "can_client_read", "can_member_manage"})
    EXPECT_FALSE(world.may(mallory, permission, kind::domain, domain.id.str())) << permission;
  EXPECT_FALSE(world.may(mallory, "can_read", kind::client, other));
}

TEST_F(Roles, OfMembersAreNotForThoseWhoOnlyManageMembers) {
  const auto admin_user = world.make_user("adam");
  world.join(domain.id, admin_user.id, DomainRole::admin);
  const auto admin = world.caller(admin_user.id);
  const auto role = world.make_role(kind::domain, domain.id.str(), {"role_manage"});
  EXPECT_EQ(reason(add(admin, role.id, {{"user", id_of(admin), {}}})), Reason("gate.denied"));
  EXPECT_EQ(reason(make(admin, kind::domain, domain.id.str(), {{"delete"}, {}}, "x")), Reason("gate.denied"));
  EXPECT_EQ(reason(Gate(*world.core).require<act::ReadRole>(admin, role.id)), Reason("none"));
}

// The attack: a key makes its holder the client, with all the roles that the client has.
TEST_F(Roles, OfAClientAreNotHadByMakingAKeyForIt) {
  const auto made = world.make_client(domain.id);
  const auto client = made.client.id;
  const auto adam = world.make_user("adam");
  world.join(domain.id, adam.id, DomainRole::admin);
  const auto admin = world.caller(adam.id);
  const auto try_key = [&](const Caller& who) {
    return reason(
        world.try_run(create_key(*world.core, world.permit<act::ManageKeys>(who, client), std::nullopt)));
  };
  EXPECT_EQ(try_key(admin), Reason("none"));
  const auto modest =
      world.make_role(kind::domain, domain.id.str(), {"channel_publish", "client_read"}, "modest");
  world.give(modest, kind::client, client.str());
  EXPECT_EQ(try_key(admin), Reason("none")) << "no more than an admin may";
  const auto strong = world.make_role(kind::domain, domain.id.str(), {"role_manage"}, "strong");
  world.give(strong, kind::client, client.str());
  EXPECT_EQ(try_key(admin), Reason("key.roles"));
  EXPECT_EQ(try_key(world.admin), Reason("none"));
  const auto keyer = holder(kind::client, client.str(), {"key"});
  EXPECT_EQ(try_key(keyer), Reason("key.roles"));
}

TEST_F(Roles, GoWithWhatTheyAreOnAndWithTheirMembers) {
  const auto client = world.make_client(domain.id).client;
  const auto channel = world.make_channel(domain.id, "temps");
  const auto who = fresh_user();
  const auto on_client = world.make_role(kind::client, client.id.str(), {"read"});
  const auto on_channel = world.make_role(kind::channel, channel.id.str(), {"read"});
  const auto on_domain = world.make_role(kind::domain, domain.id.str(), {"client_read"});
  for (const auto* role : {&on_client, &on_channel, &on_domain}) world.give(*role, kind::user, id_of(who));
  world.give(on_domain, kind::client, client.id.str());
  world.run(delete_client(*world.core, world.permit<act::DeleteClient>(world.admin, client.id), {}));
  world.run(delete_channel(*world.core, world.permit<act::DeleteChannel>(world.admin, channel.id), {}));
  const auto left = must(world.store->read([&](store::Read& read) {
    return store::select<RoleMember>(read, store::lookup::kMembersOfRole, on_domain.id);
  }));
  ASSERT_EQ(left.size(), 1u) << "the client is a member no more";
  for (const auto* gone : {&on_client, &on_channel})
    EXPECT_EQ(reason(Gate(*world.core).require<act::ReadRole>(world.admin, gone->id)),
              Reason("object.missing"));
  // A new client of the same id inherits nothing.
  world.run(create_client(*world.core, world.permit<act::CreateClient>(world.admin, Container(domain.id)),
                          {.id = client.id, .common = {.name = "again"}}));
  EXPECT_FALSE(world.may(who, "can_update", kind::client, client.id.str()));
}

TEST_F(Roles, StandBesideTheMembersOfADomain) {
  const auto user = world.make_user("ada");
  const auto who = world.caller(user.id);
  const auto client = world.make_client(domain.id).client;
  const auto on_domain = world.make_role(kind::domain, domain.id.str(), {"client_update"}, "one");
  const auto further = world.make_role(kind::domain, domain.id.str(), {"client_key"}, "two");
  const auto on_client = world.make_role(kind::client, client.id.str(), {"delete"});
  for (const auto* role : {&on_domain, &further, &on_client}) world.give(*role, kind::user, id_of(who));
  const auto manage_members = [&] { return world.permit<act::ManageMembers>(world.admin, domain.id); };
  const auto members = [&] {
    return must(world.store->read([&](store::Read& read) {
             return list_members(read, world.permit<act::ReadMembers>(world.admin, domain.id), {});
           }))
        .items.size();
  };
  EXPECT_EQ(members(), 1u) << "holders of own roles are no members";
  world.join(domain.id, user.id, DomainRole::member);
  EXPECT_EQ(members(), 2u);
  world.run(change_member(*world.core, manage_members(), user.id, DomainRole::admin, {}));
  EXPECT_TRUE(world.may(who, "can_delete", kind::client, client.id.str()));
  // Who is removed from the domain has no role left in it.
  world.run(remove_member(*world.core, manage_members(), user.id, {}));
  for (const auto* permission : {"can_read", "can_update", "can_key", "can_delete"})
    EXPECT_FALSE(world.may(who, permission, kind::client, client.id.str())) << permission;
  EXPECT_EQ(reason(world.try_run(remove_member(*world.core, manage_members(), user.id, {}))),
            Reason("member.missing"));
  // Also when they were in no built-in role.
  world.give(on_client, kind::user, id_of(who));
  world.run(remove_member(*world.core, manage_members(), user.id, {}));
  EXPECT_FALSE(world.may(who, "can_delete", kind::client, client.id.str()));
}

TEST_F(Roles, DoNotShowADomainThatTheyGiveNoSightOf) {
  const auto blind = holder(kind::domain, domain.id.str(), {"client_create"});
  const auto seeing = holder(kind::domain, domain.id.str(), {"read"});
  const auto domains = [&](const Caller& who) {
    return must(
               world.store->read([&](store::Read& read) { return list_domains(*world.core, read, who, {}); }))
        .items.size();
  };
  EXPECT_EQ(domains(blind), 0u);
  EXPECT_EQ(domains(seeing), 1u);
}

TEST_F(Roles, OfOlderDatabasesGainTheNewActions) {
  auto role = built_in(DomainRole::member);
  const auto whole = role.grants;
  ASSERT_TRUE(world.store->write(
      store::Write<store::Done>{.recheck = {}, .run = [role](store::Tx& tx) -> Result<store::Done> {
                                  Role old = role;
                                  old.grants.resize(2);
                                  old.grants.push_back({.kind = "domain", .object = {}, .action = "enable"});
                                  TRY(store::update(tx, old));
                                  tx.act({.slug = "test.aged"});
                                  return store::Done{};
                                }}));
  const auto own = world.make_role(kind::domain, domain.id.str(), {});
  EXPECT_EQ(must(complete_built_in_roles(*world.store)), 1u);
  role = built_in(DomainRole::member);
  EXPECT_EQ(role.grants.size(), whole.size() + 1) << "what a newer version had added stays";
  const auto who = fresh_user();
  world.join(domain.id, UserId::trusted(id_of(who)), DomainRole::member);
  EXPECT_TRUE(world.may(who, "can_group_read", kind::domain, domain.id.str())) << "memory followed";
  const auto before = must(world.store->revision());
  EXPECT_EQ(must(complete_built_in_roles(*world.store)), 0u);
  EXPECT_EQ(must(world.store->revision()), before);
}

}  // namespace
}  // namespace allauth::app
