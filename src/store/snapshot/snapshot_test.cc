// A snapshot that followed the log equals one that was read from the database, whatever was written.
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "policy/core_schema.h"
#include "store/rows.h"
#include "store/snapshot/hub.h"
#include "store/state.h"

namespace allauth::store {
namespace {

constexpr int kIds = 4;

class Snapshots : public ::testing::Test {
 protected:
  Snapshots() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store = *Store::open({.clock = clock,
                          .entropy = entropy,
                          .log = log,
                          .metrics = metrics,
                          .location = folder_ + "/test.db"});
    EXPECT_TRUE(hub.follow(*store));
  }
  ~Snapshots() override {
    store->close();
    std::filesystem::remove_all(folder_);
  }

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
  std::string folder_;
};

std::string name(std::string_view kind, int n) { return fmt::format("{}{}", kind, n); }

// Makes, changes or erases a random row; what does not fit is refused by the database.
class RandomWrites {
 public:
  explicit RandomWrites(unsigned seed) : random_(seed) {}

  std::function<Result<void>(Tx&)> next() {
    switch (pick(13)) {
      case 0:
        return upsert(User{.id = UserId::trusted(id("u")),
                           .email = maybe(id("e")),
                           .username = maybe(id("n")),
                           .status = status()});
      case 1:
        return upsert(Domain{.id = DomainId::trusted(id("d")), .route = maybe(id("r")), .status = status()});
      case 2:
        return upsert(Client{.id = ClientId::trusted(id("c")),
                             .domain = DomainId::trusted("d0"),
                             .status = status(),
                             .group = GroupId::trusted(maybe(id("g")))});
      case 3:
        return upsert(Channel{.id = ChannelId::trusted(id("h")),
                              .domain = DomainId::trusted("d0"),
                              .route = maybe(id("r")),
                              .status = status(),
                              .group = GroupId::trusted(maybe(id("g")))});
      case 4:
        return upsert(Connection{.client = ClientId::trusted(id("c")),
                                 .channel = ChannelId::trusted(id("h")),
                                 .domain = DomainId::trusted("d0"),
                                 .publish = flip(),
                                 .subscribe = flip()});
      case 5: {
        // A role keeps its scope; here it follows from its id.
        const auto n = pick(kIds);
        const bool on_group = n % 2 == 1;
        Role role{.id = RoleId::trusted(name("o", n)),
                  .scope_kind = on_group ? "group" : "domain",
                  .scope_id = on_group ? name("g", n) : "d0",
                  .name = name("o", n)};
        if (flip()) role.grants.push_back({.kind = "client", .object = {}, .action = "read"});
        if (flip()) role.grants.push_back({.kind = role.scope_kind, .object = {}, .action = "update"});
        return upsert(std::move(role));
      }
      case 11:
        return upsert(Group{.id = GroupId::trusted(id("g")),
                            .domain = DomainId::trusted("d0"),
                            .name = id("g"),
                            .parent = GroupId::trusted(maybe(id("g"))),
                            .status = status()});
      case 6:
        return upsert(RoleMember{.role = RoleId::trusted(id("o")),
                                 .subject_kind = "user",
                                 .subject_id = id("u"),
                                 .scope_kind = "domain",
                                 .scope_id = "d0",
                                 .origin = "manual"});
      case 7:
        return give<Client>(id("c"), CredentialType::client_key, "client");
      case 8:
        return give<User>(id("u"), CredentialType::password, "user");
      case 9:
        return open_or_end(Session{.id = SessionId::trusted(id("s")), .user = UserId::trusted("u0")});
      case 10: {
        const auto digit = pick(kIds);
        return upsert(Credential{.id = CredentialId::trusted(name("token", digit)),
                                 .owner_kind = "node",
                                 .owner_id = name("node", digit),
                                 .type = CredentialType::node_token,
                                 .digest = {std::string(32, static_cast<char>('0' + digit))},
                                 .status = status()});
      }
      default:
        return erase_some();
    }
  }

 private:
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool flip() { return pick(2) == 0; }
  std::string id(std::string_view kind) { return name(kind, pick(kIds)); }
  std::string maybe(std::string text) { return flip() ? text : std::string(); }
  Status status() { return flip() ? Status::enabled : Status::disabled; }

  template <class Row>
  std::function<Result<void>(Tx&)> upsert(Row row) {
    return [row](Tx& tx) mutable -> Result<void> {
      auto changed = update(tx, row);
      if (changed || changed.error().reason != Reason("row.missing")) return changed;
      return insert(tx, row);
    };
  }
  // A session that has ended stays so.
  static std::function<Result<void>(Tx&)> open_or_end(Session session) {
    return [session](Tx& tx) mutable -> Result<void> {
      TRY(const auto known, find<Session>(tx, session.id));
      if (!known) return insert(tx, session);
      session.state = SessionState::revoked;
      return update(tx, session);
    };
  }
  // A credential of somebody who is there, one each.
  template <class Owner>
  std::function<Result<void>(Tx&)> give(const std::string& owner, CredentialType type, std::string kind) {
    Credential credential{.id = CredentialId::trusted("of-" + owner),
                          .owner_kind = std::move(kind),
                          .owner_id = owner,
                          .type = type,
                          .status = status()};
    if (type == CredentialType::client_key) credential.digest.bytes = std::string(32, owner.back());
    if (type == CredentialType::password) credential.verifier = id("record");
    return [owner, write = upsert(std::move(credential))](Tx& tx) -> Result<void> {
      TRY(const auto found, find<Owner>(tx, owner));
      return found ? write(tx) : fail(Code::not_found, "row.missing", "nobody");
    };
  }
  // As the use-cases do it: a credential is disabled before it goes, and goes before its owner.
  template <class Owner>
  std::function<Result<void>(Tx&)> erase_owner(Owner row) {
    return [row](Tx& tx) -> Result<void> {
      TRY(auto credential, find<Credential>(tx, "of-" + row.id.str()));
      if (credential) {
        credential->status = Status::disabled;
        TRY(update(tx, *credential));
        TRY(erase(tx, *credential));
      }
      return erase(tx, row);
    };
  }
  std::function<Result<void>(Tx&)> erase_some() {
    switch (pick(8)) {
      case 6:
        return [row = Group{.id = GroupId::trusted(id("g"))}](Tx& tx) { return erase(tx, row); };
      case 7:
        return [row = RoleId::trusted(id("o"))](Tx& tx) -> Result<void> {
          TRY(auto role, find<Role>(tx, row));
          if (!role) return fail(Code::not_found, "row.missing", "There is none.");
          role->grants.clear();  // as the program does it
          TRY(update(tx, *role));
          return erase(tx, *role);
        };
      case 0:
        return erase_owner(User{.id = UserId::trusted(id("u"))});
      case 1:
        return [row = Domain{.id = DomainId::trusted(id("d"))}](Tx& tx) { return erase(tx, row); };
      case 2:
        return erase_owner(Client{.id = ClientId::trusted(id("c"))});
      case 3:
        return [row = Channel{.id = ChannelId::trusted(id("h"))}](Tx& tx) { return erase(tx, row); };
      case 4:
        return [row = Connection{.client = ClientId::trusted(id("c")),
                                 .channel = ChannelId::trusted(id("h"))}](Tx& tx) { return erase(tx, row); };
      default:
        return [row = RoleMember{.role = RoleId::trusted(id("o")),
                                 .subject_kind = "user",
                                 .subject_id = id("u")}](Tx& tx) { return erase(tx, row); };
    }
  }
  std::mt19937 random_;
};

// All that can be asked of a snapshot, as text.
std::string picture(const Snapshot& snapshot) {
  std::string out = fmt::format("edges {}\n", snapshot.graph().size());
  const auto thing = [&](std::string_view kind, const std::string& id) {
    const auto& found = snapshot.thing(kind, id);
    out += fmt::format("{} {}: {} {} in {}\n", kind, id, found.exists(), found.enabled(),
                       found.domain == kNoNode ? "-" : snapshot.id(found.domain));
  };
  const auto node = [&](std::string_view what, NodeId found) {
    out += fmt::format("{} -> {}\n", what, found == kNoNode ? "-" : snapshot.id(found));
  };
  const auto edge = [&](const policy::Edge& e) {
    out += fmt::format("{} {}#{}@{}: {}\n", e.resource.kind, e.resource.id, e.relation, e.subject.object.id,
                       snapshot.graph().contains(e));
  };
  for (int i = 0; i < kIds; ++i) {
    Snapshot::Digest digest;
    digest.fill(static_cast<std::uint8_t>('0' + i));
    const auto* key = snapshot.find_key(digest);
    out += fmt::format("key {} of {}\n", i, key == nullptr ? "-" : snapshot.id(key->owner));
    const auto* listed = snapshot.find_node(digest);
    out += fmt::format("token {} of {}\n", i, listed == nullptr ? "-" : *listed);
    out += fmt::format("session {} revoked: {}\n", i, snapshot.is_revoked(name("s", i)));
    const auto& user = snapshot.thing("user", name("u", i));
    out += fmt::format("password {}: {}\n", i, user.text ? user.text->password_record : "-");
    for (auto [kind, prefix] :
         {std::pair{"user", "u"}, {"domain", "d"}, {"client", "c"}, {"channel", "h"}, {"group", "g"}})
      thing(kind, name(prefix, i));
    node(name("login e", i), snapshot.find_login(name("e", i)));
    node(name("login n", i), snapshot.find_login(name("n", i)));
    node(name("domain route", i), snapshot.find_domain_route(name("r", i)));
    for (int j = 0; j < kIds; ++j) {
      node(fmt::format("route {} {}", i, j),
           snapshot.find_channel_route(snapshot.find("domain", name("d", i)), name("r", j)));
      const std::string c = name("c", i), h = name("h", j), o = name("o", i), u = name("u", j);
      edge({{"channel", h}, "publisher", {{"client", c}}});
      edge({{"channel", h}, "subscriber", {{"client", c}}});
      edge({{"role", o}, "member", {{"user", u}}});
      const std::string g = name("g", i), above = name("g", j);
      for (const auto relation : {"parent", "above", "effect"})
        edge({{"group", g}, relation, {{"group", above}}});
      edge({{"client", c}, "group", {{"group", above}}});
      edge({{"channel", name("h", i)}, "group", {{"group", above}}});
      edge({{"group", g}, "domain", {{"domain", "d0"}}});
      for (const policy::ObjectRef scope : {policy::ObjectRef{"domain", "d0"}, {"group", above}}) {
        edge({scope, "client_read", {{"role", o}, "member"}});
        edge({scope, "update", {{"role", o}, "member"}});
        edge({{"role", o}, "scope", {scope}});
      }
    }
  }
  return out;
}

// A hub that was handed the state as images, and then what was written since.
struct Told {
  Told(Clock& clock, Log& log, Metrics& metrics) : hub(policy::core_schema(), clock, log, metrics) {}

  Result<void> load(Store& store, Audience audience) {
    return store.read([&](Read& read) -> Result<void> {
      auto load = hub.load();
      TRY(read_state(read, audience, [&load](const Image& image) { return load.put(image); }));
      load.finish(read.revision());
      return {};
    });
  }
  SnapshotHub hub;
};

TEST_F(Snapshots, ThatFollowedTheLogEqualOnesReadFromTheDatabase) {
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

TEST_F(Snapshots, ThatWereLoadedFromImagesEqualOnesThatFollowed) {
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

TEST_F(Snapshots, ThatAreBeingLoadedLeaveTheOldOneInUse) {
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

TEST_F(Snapshots, ThatCannotBeAppliedGrantNothingUntilAStateIsLoaded) {
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

TEST_F(Snapshots, KnowHowLongTheyHeardNothing) {
  clock.advance(Millis(300));
  EXPECT_EQ(hub.silence(), Millis(300));
  hub.contact();
  EXPECT_EQ(hub.silence(), Millis(0));
  hub.contact(Millis(40));
  EXPECT_EQ(hub.silence(), Millis(40));
  clock.advance(Millis(200));
  ASSERT_TRUE(write([](Tx& tx) {
    User user{.id = UserId::trusted("u1")};
    return insert(tx, user);
  }));
  EXPECT_EQ(hub.silence(), Millis(0));
}

// What a newer program stored and this one cannot enforce must not be taken for less than it is.
TEST_F(Snapshots, GrantNothingWhenAGrantCannotBeEnforced) {
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
  ASSERT_TRUE(put_role({.kind = "domain", .object = {}, .action = "read", .effect = Effect::deny}));
  EXPECT_FALSE(hub.healthy());
  EXPECT_FALSE(holds("r2", "read"));
  others.push_back(std::make_unique<SnapshotHub>(policy::core_schema(), clock, log, metrics));
  EXPECT_EQ(others.back()->follow(*store).error().reason, Reason("snapshot.grant"));
}

TEST_F(Snapshots, OfOldRevisionsStayAsTheyWere) {
  const auto before = hub.view();
  ASSERT_TRUE(write([](Tx& tx) {
    User user{.id = UserId::trusted("u1"), .email = "a@b"};
    return insert(tx, user);
  }));
  EXPECT_EQ(before->find_login("a@b"), kNoNode);
  EXPECT_NE(hub.view()->find_login("a@b"), kNoNode);
  EXPECT_EQ(to_number(hub.view()->revision()), to_number(before->revision()) + 1);
}

TEST_F(Snapshots, EndedSessionsAreRememberedHoweverTheClockIsSet) {
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

}  // namespace
}  // namespace allauth::store
