#include <gtest/gtest.h>

#include "app/identity/authenticate.h"
#include "app/test_world.h"
#include "store/lookups.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

class Directory : public ::testing::Test {
 protected:
  template <class T>
  Reason reason(Result<T> result) {
    return result ? Reason("none") : result.error().reason;
  }
  Permit<act::ManageMembers> manage(const Caller& who) {
    return world.permit<act::ManageMembers>(who, domain.id);
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
};

TEST_F(Directory, KeepsEmailsAndRoutesUnique) {
  world.make_user("ada");
  EXPECT_EQ(
      reason(world.try_run(create_user(*world.core, world.permit<act::CreateUser>(world.admin, Platform{}),
                                       {.email = "ada@example.org",
                                        .common = {.name = "Other"},
                                        .password = Secret("some password here")}))),
      Reason("email.taken"));
  EXPECT_EQ(reason(world.try_run(create_domain(*world.core,
                                               world.permit<act::CreateDomain>(world.admin, Platform{}),
                                               {.common = {.name = "Two"}, .route = "plant"}))),
            Reason("route.taken"));
  const auto other = world.make_domain("other");
  world.make_channel(domain.id, "temps");
  EXPECT_NO_THROW(world.make_channel(other.id, "temps"));  // unique in its domain only
  EXPECT_EQ(reason(world.try_run(create_channel(*world.core,
                                                world.permit<act::CreateChannel>(world.admin, domain.id),
                                                {.common = {.name = "x"}, .route = "temps"}))),
            Reason("route.taken"));
}

TEST_F(Directory, RefusesChangesOfWhatChangedMeanwhile) {
  const auto renamed =
      world.run(update_domain(*world.core, world.permit<act::UpdateDomain>(world.admin, domain.id),
                              {.common = {.name = "New name"}}, domain.stamp.revision));
  EXPECT_EQ(renamed.name, "New name");
  EXPECT_EQ(renamed.route, "plant");
  EXPECT_EQ(
      reason(world.try_run(update_domain(*world.core, world.permit<act::UpdateDomain>(world.admin, domain.id),
                                         {.common = {.name = "Newer"}}, domain.stamp.revision))),
      Reason("revision.stale"));
}

TEST_F(Directory, KeepsTheLastOwnerAndTheLastAdministrator) {
  const auto root = UserId::trusted(world.admin.who.principal.id);
  EXPECT_EQ(reason(world.try_run(remove_member(*world.core, manage(world.admin), root, {}))),
            Reason("owner.last"));
  EXPECT_EQ(
      reason(world.try_run(change_member(*world.core, manage(world.admin), root, DomainRole::admin, {}))),
      Reason("owner.last"));
  EXPECT_EQ(reason(world.try_run(set_user_status(
                *world.core, world.permit<act::EnableUser>(world.admin, root), Status::disabled, {}))),
            Reason("admin.last"));
  const auto ada = world.make_user("ada");
  world.join(domain.id, ada.id, DomainRole::owner);
  EXPECT_EQ(reason(world.try_run(remove_member(*world.core, manage(world.admin), root, {}))), Reason("none"));
  EXPECT_EQ(
      reason(world.try_run(delete_user(*world.core, world.permit<act::DeleteUser>(world.admin, ada.id), {}))),
      Reason("owner.last"));
}

TEST_F(Directory, LetsAdminsManageMembersButNotOwners) {
  const auto ada = world.make_user("ada");
  const auto bob = world.make_user("bob");
  world.join(domain.id, ada.id, DomainRole::admin);
  const auto admin = world.caller(ada.id);
  EXPECT_EQ(reason(world.try_run(add_member(*world.core, manage(admin), bob.id, DomainRole::owner))),
            Reason("member.owner"));
  EXPECT_EQ(reason(world.try_run(add_member(*world.core, manage(admin), bob.id, DomainRole::member))),
            Reason("none"));
  EXPECT_EQ(reason(world.try_run(add_member(*world.core, manage(admin), bob.id, DomainRole::member))),
            Reason("member.exists"));
  EXPECT_EQ(reason(world.try_run(change_member(*world.core, manage(admin), ada.id, DomainRole::owner, {}))),
            Reason("member.owner"));
  EXPECT_EQ(reason(world.try_run(remove_member(*world.core, manage(admin),
                                               UserId::trusted(world.admin.who.principal.id), {}))),
            Reason("member.owner"));
  EXPECT_EQ(reason(world.try_run(
                add_member(*world.core, manage(admin), UserId::trusted("nobody"), DomainRole::member))),
            Reason("user.missing"));
}

TEST_F(Directory, LetsOnlyThoseWhoManageUsersChangeEmailAddresses) {
  const auto ada = world.make_user("ada");
  const auto change = [&](const Caller& who, UserChanges changes) {
    return reason(world.try_run(
        update_user(*world.core, world.permit<act::UpdateUser>(who, ada.id), std::move(changes), {})));
  };
  EXPECT_EQ(change(world.caller(ada.id), {.email = "root@example.org"}), Reason("email.fixed"));
  EXPECT_EQ(change(world.caller(ada.id), {.common = {.name = "Ada L."}}), Reason("none"));
  EXPECT_EQ(change(world.admin, {.email = "root@example.org"}), Reason("email.taken"));
  EXPECT_EQ(change(world.admin, {.email = "ada2@example.org"}), Reason("none"));
}

TEST_F(Directory, ShowsEachTheirOwnDomains) {
  const auto ada = world.make_user("ada");
  world.make_domain("second");
  world.join(domain.id, ada.id, DomainRole::member);
  const auto list = [&](const Caller& who, const ListRequest& request) {
    return must(
        world.store->read([&](store::Read& read) { return list_domains(*world.core, read, who, request); }));
  };
  EXPECT_EQ(list(world.admin, {}).items.size(), 2u);
  const auto own = list(world.caller(ada.id), {});
  ASSERT_EQ(own.items.size(), 1u);
  EXPECT_EQ(own.items[0].id, domain.id);
  EXPECT_EQ(list(world.admin, {.count = true}).total, 2u);
  EXPECT_EQ(list(world.caller(ada.id), {.count = true, .order_by = "name desc"}).total, 1u);
  EXPECT_EQ(list(world.caller(ada.id), {.count = true, .filter = {.name = "second"}}).total, 0u);
}

TEST_F(Directory, PagesEveryItemOnce) {
  std::set<std::string> made, seen;
  for (int i = 0; i < 7; ++i) made.insert(world.make_client(domain.id).client.id.str());
  ListRequest request{.size = 3};
  const auto list = [&](const ListRequest& asked) {
    return world.store->read([&](store::Read& read) {
      return list_clients(read, world.permit<act::ListClients>(world.admin, domain.id), asked);
    });
  };
  for (int pages = 0; pages < 10; ++pages) {
    const auto got = must(list(request));
    for (const auto& client : got.items) EXPECT_TRUE(seen.insert(client.id.str()).second);
    if (got.next_token.empty()) break;
    request.token = got.next_token;
  }
  EXPECT_EQ(seen, made);
  EXPECT_EQ(reason(list({.token = "nonsense"})), Reason("page.token"));
  EXPECT_EQ(reason(list({.size = 1001})), Reason("page.size"));
}

TEST_F(Directory, LetsTwoClientsHaveTheSameKeyAndKnowsThemApart) {
  const auto make = [&] {
    return world.run(create_client(*world.core, world.permit<act::CreateClient>(world.admin, domain.id),
                                   {.common = {.name = "c"}, .key = Secret("the-same-given-key")}));
  };
  const auto one = make();
  const auto two = make();
  for (const auto* made : {&one, &two}) {
    const auto who = must(require_authenticated(
        authenticate_key(*world.core, {made->client.id.str(), Secret("the-same-given-key")})));
    EXPECT_EQ(who.principal.id, made->client.id.str());
    EXPECT_EQ(who.tenant, domain.id);
  }
}

TEST_F(Directory, EndsKeysWhenTheyAreDeletedAndWithTheirClient) {
  const auto made = world.make_client(domain.id);
  const auto login = [&](const Secret& key) {
    return reason(require_authenticated(authenticate_key(*world.core, {made.client.id.str(), key.copy()})));
  };
  const auto manage_keys = [&] { return world.permit<act::ManageKeys>(world.admin, made.client.id); };
  const auto second = world.run(create_key(*world.core, manage_keys(), std::nullopt));
  EXPECT_EQ(login(made.key.key), Reason("none"));
  EXPECT_EQ(login(second.key), Reason("none"));
  world.run(delete_key(*world.core, manage_keys(), made.key.id));
  EXPECT_EQ(login(made.key.key), Reason("key.unknown"));
  EXPECT_EQ(login(second.key), Reason("none"));
  world.run(delete_client(*world.core, world.permit<act::DeleteClient>(world.admin, made.client.id), {}));
  EXPECT_EQ(login(second.key), Reason("key.unknown"));
  // A new client of the same id does not inherit the old key.
  world.run(create_client(*world.core, world.permit<act::CreateClient>(world.admin, domain.id),
                          {.id = made.client.id, .common = {.name = "again"}}));
  EXPECT_EQ(login(second.key), Reason("key.unknown"));
}

TEST_F(Directory, BoundsTheKeysOfAClient) {
  const auto made = world.make_client(domain.id);
  const auto add = [&](std::optional<Secret> key) {
    return reason(world.try_run(
        create_key(*world.core, world.permit<act::ManageKeys>(world.admin, made.client.id), std::move(key))));
  };
  EXPECT_EQ(add(Secret("short")), Reason("key.length"));
  EXPECT_EQ(add(Secret("with a space in it, long")), Reason("key.invalid"));
  EXPECT_EQ(add(Secret("given-key-long-enough")), Reason("none"));
  EXPECT_EQ(add(Secret("given-key-long-enough")), Reason("key.exists"));
  for (std::size_t i = 2; i < kMaxKeys; ++i) EXPECT_EQ(add(std::nullopt), Reason("none"));
  EXPECT_EQ(add(std::nullopt), Reason("key.too_many"));
}

TEST_F(Directory, ConnectsOnlyWithinADomainAndOnlyOnce) {
  const auto other = world.make_domain("other");
  const auto near = world.make_client(domain.id).client;
  const auto far = world.make_client(other.id).client;
  const auto channel = world.make_channel(domain.id, "temps");
  const auto connect_to = [&](const ClientId& client, Rights rights) {
    return reason(
        world.try_run(connect(*world.core, world.permit<act::ConnectChannel>(world.admin, channel.id),
                              world.permit<act::ConnectClient>(world.admin, client), rights)));
  };
  EXPECT_EQ(connect_to(near.id, {}), Reason("connection.actions"));
  EXPECT_EQ(connect_to(far.id, {true, true}), Reason("connection.domain"));
  EXPECT_EQ(connect_to(near.id, {true, false}), Reason("none"));
  EXPECT_EQ(connect_to(near.id, {true, false}), Reason("connection.exists"));
}

TEST_F(Directory, DeletesADomainOnlyWhenItIsEmpty) {
  const auto client = world.make_client(domain.id).client;
  const auto channel = world.make_channel(domain.id, "temps");
  const auto group = world.make_group(domain.id, "hall");
  const auto erase_domain = [&] {
    return reason(world.try_run(delete_domain(
        *world.core, world.permit<act::DeleteDomain>(world.admin, domain.id), Deletion::if_empty, {})));
  };
  EXPECT_EQ(erase_domain(), Reason("domain.not_empty"));
  world.run(delete_client(*world.core, world.permit<act::DeleteClient>(world.admin, client.id), {}));
  EXPECT_EQ(erase_domain(), Reason("domain.not_empty"));
  world.run(delete_channel(*world.core, world.permit<act::DeleteChannel>(world.admin, channel.id), {}));
  EXPECT_EQ(erase_domain(), Reason("domain.not_empty"));
  world.run(delete_group(*world.core, world.permit<act::DeleteGroup>(world.admin, group.id),
                         Deletion::if_empty, {}));
  EXPECT_EQ(erase_domain(), Reason("none"));
  EXPECT_EQ(reason(Gate(*world.core).require<act::ReadDomain>(world.admin, domain.id)),
            Reason("object.missing"));
}

TEST_F(Directory, DeletesNoMoreByForceThanOneChangeMayBe) {
  const auto client = world.make_client(domain.id).client;
  world.make_client(domain.id);
  const auto channel = world.make_channel(domain.id, "temps");
  const auto hall = world.make_group(domain.id, "hall");
  world.make_connection(client.id, channel.id, {.publish = true, .subscribe = false});
  world.run(connect(*world.core, world.permit<act::ConnectChannel>(world.admin, channel.id),
                    world.permit<act::ConnectGroup>(world.admin, hall.id), {.publish = true}));
  const auto erase_domain = [&] {
    return reason(world.try_run(delete_domain(
        *world.core, world.permit<act::DeleteDomain>(world.admin, domain.id), Deletion::forced, {})));
  };
  const auto count = [&](std::int64_t enough) {
    return must(world.store->read([&](store::Read& read) {
      return store::count(read, store::lookup::kCountContentOfDomain, domain.id, enough);
    }));
  };
  EXPECT_EQ(count(100), 6) << "clients, channels, groups and connections";
  EXPECT_EQ(count(1), 5) << "counting ends early";
  world.core->most_erased = 5;
  EXPECT_EQ(erase_domain(), Reason("delete.too_large"));
  EXPECT_EQ(count(100), 6) << "nothing is gone";
  EXPECT_TRUE(Gate(*world.core).require<act::ReadClient>(world.admin, client.id));
  world.core->most_erased = 6;
  EXPECT_EQ(erase_domain(), Reason("none"));
  EXPECT_EQ(count(100), 0);
}

TEST_F(Directory, SpendsTheSetupTokenOnce) {
  const auto again = create_first_admin(
      *world.core, world.issuer->digests(), *world.store,
      {Secret("ast_test"), "two@example.org", "Two", Secret("correct horse battery")}, "r");
  EXPECT_EQ(reason(again.has_value() ? Result<void>() : Result<void>(std::unexpected(again.error()))),
            Reason("setup.token"));
  const Secret fresh = make_setup_token(world.entropy);
  world.run(Result<store::Write<store::Done>>(renew_setup_token(world.issuer->digests().setup_token(fresh))));
  const auto two = world.run(
      create_first_admin(*world.core, world.issuer->digests(), *world.store,
                         {fresh.copy(), "two@example.org", "Two", Secret("correct horse battery")}, "r"));
  EXPECT_TRUE(
      Gate(*world.core).allows(world.caller(two.id), "can_administer", {kind::platform, kPlatformId}));
}

}  // namespace
}  // namespace allauth::app
