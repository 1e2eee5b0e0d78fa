// A snapshot that followed the log equals one that was read from the database, whatever was written.
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "policy/core_schema.h"
#include "store/rows.h"
#include "store/snapshot/hub.h"

namespace allauth::store {
namespace {

constexpr int kIds = 4;

class Snapshots : public ::testing::Test {
 protected:
  Snapshots() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store = *Store::open({.clock = clock, .log = log, .metrics = metrics, .path = folder_ + "/test.db"});
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
    switch (pick(8)) {
      case 0:
        return upsert(User{.id = UserId::trusted(id("u")),
                           .email = maybe(id("e")),
                           .username = maybe(id("n")),
                           .status = status()});
      case 1:
        return upsert(Domain{.id = DomainId::trusted(id("d")), .route = maybe(id("r")), .status = status()});
      case 2:
        return upsert(
            Client{.id = ClientId::trusted(id("c")), .domain = DomainId::trusted("d0"), .status = status()});
      case 3:
        return upsert(Channel{.id = ChannelId::trusted(id("h")),
                              .domain = DomainId::trusted("d0"),
                              .route = maybe(id("r")),
                              .status = status()});
      case 4:
        return upsert(Connection{.client = ClientId::trusted(id("c")),
                                 .channel = ChannelId::trusted(id("h")),
                                 .domain = DomainId::trusted("d0"),
                                 .publish = flip(),
                                 .subscribe = flip()});
      case 5: {
        Role role{.id = RoleId::trusted(id("o")), .scope_kind = "domain", .scope_id = "d0", .name = id("o")};
        if (flip()) role.grants.push_back({.kind = "client", .object = {}, .action = "read"});
        if (flip()) role.grants.push_back({.kind = "domain", .object = {}, .action = "update"});
        return upsert(std::move(role));
      }
      case 6:
        return upsert(RoleMember{.role = RoleId::trusted(id("o")),
                                 .subject_kind = "user",
                                 .subject_id = id("u"),
                                 .scope_kind = "domain",
                                 .scope_id = "d0",
                                 .origin = "manual"});
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
  std::function<Result<void>(Tx&)> erase_some() {
    switch (pick(6)) {
      case 0:
        return [row = User{.id = UserId::trusted(id("u"))}](Tx& tx) { return erase(tx, row); };
      case 1:
        return [row = Domain{.id = DomainId::trusted(id("d"))}](Tx& tx) { return erase(tx, row); };
      case 2:
        return [row = Client{.id = ClientId::trusted(id("c"))}](Tx& tx) { return erase(tx, row); };
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
    for (auto [kind, prefix] : {std::pair{"user", "u"}, {"domain", "d"}, {"client", "c"}, {"channel", "h"}})
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
      edge({{"domain", "d0"}, "client_read", {{"role", o}, "member"}});
      edge({{"domain", "d0"}, "update", {{"role", o}, "member"}});
    }
  }
  return out;
}

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

}  // namespace
}  // namespace allauth::store
