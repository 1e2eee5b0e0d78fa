// A snapshot that followed the log equals one that was read from the database, whatever was written.
#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "store/rows.h"
#include "store/snapshot/hub.h"
#include "store/testing/contract.h"
#include "store/testing/picture.h"
#include "store/testing/random_writes.h"

namespace allauth::store::testing {
namespace {

class Snapshots : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    SKIP_IF_MISSING(GetParam());
    auto opened = Store::open({.clock = clock,
                               .entropy = entropy,
                               .log = log,
                               .metrics = metrics,
                               .location = GetParam().location(folder_.path())});
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
    EXPECT_TRUE(hub.follow(*store));
  }
  void TearDown() override { store.reset(); }

  Result<void> write(std::function<Result<void>(Tx&)> change) {
    auto done = store->write(Write<Done>{.recheck = {}, .run = [&](Tx& tx) -> Result<Done> {
                                           TRY(change(tx));
                                           tx.act({.slug = "test"});
                                           return Done{};
                                         }});
    if (!done) return std::unexpected(done.error());
    return {};
  }

  ManualClock clock;
  SystemEntropy entropy;
  Log log{clock, LogLevel::error, LogFormat::human};
  Metrics metrics;
  SnapshotHub hub{policy::core_schema(), clock, log, metrics};
  std::vector<std::unique_ptr<SnapshotHub>> others;  // alive for as long as the store tells them of writes
  std::unique_ptr<Store> store;

 private:
  TempFolder folder_;
};

TEST_P(Snapshots, ThatFollowedTheLogEqualOnesReadFromTheDatabase) {
  ASSERT_TRUE(write([](Tx& tx) {
    Domain d0{.id = DomainId::trusted("d0")};
    return insert(tx, d0);
  }));
  for (unsigned seed = 1; seed <= 5; ++seed) {
    RandomWrites writes(seed);
    int done = 0;
    for (int i = 0; i < 150; ++i) done += write(writes.next()).has_value() ? 1 : 0;
    EXPECT_GT(done, 50);
    const auto& fresh =
        *others.emplace_back(std::make_unique<SnapshotHub>(policy::core_schema(), clock, log, metrics));
    ASSERT_TRUE(others.back()->follow(*store));
    ASSERT_TRUE(hub.healthy());
    EXPECT_EQ(hub.view()->revision(), fresh.view()->revision());
    EXPECT_EQ(picture(*hub.view()), picture(*fresh.view())) << "seed " << seed;
  }
}

TEST_P(Snapshots, ThatWereLoadedFromImagesEqualOnesThatFollowed) {
  ASSERT_TRUE(write([](Tx& tx) {
    Domain d0{.id = DomainId::trusted("d0")};
    return insert(tx, d0);
  }));
  Told told(clock, log, metrics);
  ASSERT_TRUE(told.load(*store, Audience::node));
  ASSERT_TRUE(store->follow({.applied = [&told](const AppliedBatch& batch) { told.hub.apply(batch); }}));
  for (unsigned seed = 11; seed <= 13; ++seed) {
    RandomWrites writes(seed);
    for (int i = 0; i < 150; ++i) (void)write(writes.next());
    EXPECT_EQ(picture(*told.hub.view()), picture(*hub.view())) << "told of writes, seed " << seed;
    ASSERT_TRUE(told.load(*store, Audience::node));
    EXPECT_EQ(told.hub.view()->revision(), hub.view()->revision());
    EXPECT_EQ(picture(*told.hub.view()), picture(*hub.view())) << "loaded anew, seed " << seed;
  }
  store->close();
}

TEST_P(Snapshots, ThatAreBeingLoadedLeaveTheOldOneInUse) {
  const auto make = [&](const std::string& id) {
    return write([&id](Tx& tx) {
      User user{.id = UserId::trusted(id)};
      return insert(tx, user);
    });
  };
  const auto knows = [](const SnapshotHub& where, std::string_view id) {
    return where.view()->thing("user", id).exists();
  };
  ASSERT_TRUE(make("u1"));
  Told told(clock, log, metrics);
  ASSERT_TRUE(told.load(*store, Audience::all));
  User u2{.id = UserId::trusted("u2")};
  const Image image = *image_of(u2);
  {
    auto load = told.hub.load();
    ASSERT_TRUE(load.put(image));
    EXPECT_TRUE(knows(told.hub, "u1"));
    EXPECT_FALSE(knows(told.hub, "u2"));
  }
  EXPECT_FALSE(knows(told.hub, "u2")) << "given up, it has changed nothing";
  auto load = told.hub.load();
  ASSERT_TRUE(load.put(image));
  load.finish(Revision{9});
  EXPECT_FALSE(knows(told.hub, "u1"));
  EXPECT_TRUE(knows(told.hub, "u2"));
  EXPECT_EQ(told.hub.view()->revision(), Revision{9});
}

TEST_P(Snapshots, ThatCannotBeAppliedGrantNothingUntilAStateIsLoaded) {
  Told told(clock, log, metrics);
  ASSERT_TRUE(told.load(*store, Audience::all));
  const Image broken{.kind = ImageKind::user, .key = "u1", .bytes = "\x07"};
  told.hub.apply({{LogEntry{.revision = Revision{1}, .images = {broken}}}});
  EXPECT_FALSE(told.hub.healthy());
  auto load = told.hub.load();
  EXPECT_FALSE(load.put(broken));
  EXPECT_FALSE(load.put(*image_of(User{.id = UserId::trusted("u2")})));
  load.finish(Revision{2});
  EXPECT_FALSE(told.hub.healthy()) << "a state with an error in it is none";
  ASSERT_TRUE(told.load(*store, Audience::all));
  EXPECT_TRUE(told.hub.healthy());
}

// What a newer program stored and this one cannot enforce must not be taken for less than it is.
TEST_P(Snapshots, GrantNothingWhenAGrantCannotBeEnforced) {
  const auto put_role = [this](RoleGrant grant) {
    return write([grant](Tx& tx) {
      Role role{.id = RoleId::trusted(fmt::format("r{}", to_number(tx.revision()))),
                .scope_kind = "domain",
                .scope_id = "d0",
                .name = fmt::format("r{}", to_number(tx.revision()))};
      role.grants = {{.kind = "domain", .object = {}, .action = "read"}, grant};
      return insert(tx, role);
    });
  };
  const auto holds = [this](const char* role, const char* action) {
    return hub.view()->graph().contains({{"domain", "d0"}, action, {{"role", role}, "member"}});
  };
  ASSERT_TRUE(write([](Tx& tx) {
    Domain d0{.id = DomainId::trusted("d0")};
    return insert(tx, d0);
  }));
  ASSERT_TRUE(put_role({.kind = "domain", .object = {}, .action = "action_of_the_future"}));
  EXPECT_TRUE(hub.healthy()) << "an action that nobody can ask for here";
  EXPECT_TRUE(holds("r2", "read"));
  ASSERT_TRUE(put_role({.kind = "domain", .object = "d7", .action = "read"}));
  EXPECT_FALSE(hub.healthy());
  EXPECT_FALSE(holds("r2", "read"));
  others.push_back(std::make_unique<SnapshotHub>(policy::core_schema(), clock, log, metrics));
  EXPECT_EQ(others.back()->follow(*store).error().reason, Reason("snapshot.grant"));
}

TEST_P(Snapshots, DenyWhatARoleIsDenied) {
  const auto put_role = [this](const char* id, Effect effect, const char* user) {
    return write([=](Tx& tx) -> Result<void> {
      Role role{.id = RoleId::trusted(id), .scope_kind = "domain", .scope_id = "d0", .name = id};
      role.grants = {{.kind = "domain", .object = {}, .action = "read", .effect = effect}};
      TRY(insert(tx, role));
      RoleMember member{.role = role.id, .subject_kind = "user", .subject_id = user};
      member.scope_kind = role.scope_kind;
      member.scope_id = role.scope_id;
      return insert(tx, member);
    });
  };
  const policy::Engine engine;
  const auto may_read = [&](const char* user) {
    return engine
        .check(hub.view()->graph(), 1,
               {.subject = {{"user", user}}, .permission = "can_read", .object = {"domain", "d0"}})
        ->allowed();
  };
  ASSERT_TRUE(put_role("readers", Effect::allow, "u1"));
  EXPECT_TRUE(may_read("u1"));
  ASSERT_TRUE(put_role("outcasts", Effect::deny, "u1"));
  EXPECT_FALSE(may_read("u1"));
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    Role role{
        .id = RoleId::trusted("outcasts"), .scope_kind = "domain", .scope_id = "d0", .name = "outcasts"};
    return update(tx, role);
  }));
  EXPECT_TRUE(may_read("u1"));
}

TEST_P(Snapshots, OfOldRevisionsStayAsTheyWere) {
  const auto before = hub.view();
  ASSERT_TRUE(write([](Tx& tx) {
    User user{.id = UserId::trusted("u1"), .email = "a@b"};
    return insert(tx, user);
  }));
  EXPECT_EQ(before->find_login("a@b"), kNoNode);
  EXPECT_NE(hub.view()->find_login("a@b"), kNoNode);
  EXPECT_EQ(to_number(hub.view()->revision()), to_number(before->revision()) + 1);
}

TEST_P(Snapshots, EndedSessionsAreRememberedHoweverTheClockIsSet) {
  const auto end_session = [](Tx& tx) -> Result<void> {
    Session session{.id = SessionId::trusted("s0"), .user = UserId::trusted("u0")};
    session.state = SessionState::revoked;
    session.stamp.updated_at = tx.now();
    User user{.id = UserId::trusted("u0")};
    TRY(insert(tx, user));
    return insert(tx, session);
  };
  const auto ended_after_a_write = [&](int n) {
    Domain domain{.id = DomainId::trusted(name("d", n))};
    EXPECT_TRUE(write([&](Tx& tx) { return insert(tx, domain); }));
    return hub.view()->is_revoked("s0");
  };
  ASSERT_TRUE(write(end_session));
  clock.step(std::chrono::hours(26));
  clock.advance(std::chrono::minutes(11));
  EXPECT_TRUE(ended_after_a_write(1));
  clock.step(std::chrono::hours(-27));
  EXPECT_TRUE(ended_after_a_write(2));
  clock.advance(std::chrono::hours(47));
  EXPECT_TRUE(ended_after_a_write(3));
  clock.advance(std::chrono::hours(2));
  EXPECT_FALSE(ended_after_a_write(4)) << "its tokens have expired";
}

INSTANTIATE_TEST_SUITE_P(Engines, Snapshots, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
