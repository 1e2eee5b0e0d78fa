#include "store/usage.h"

#include <random>

#include "store/lookups.h"
#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

constexpr sql::Statement kCounts("test.usage",
                                 "SELECT domain_id, members, clients, channels, groups, roles, connections, "
                                 "client_keys FROM domain_usage ORDER BY domain_id");

// A few things in two domains, made and erased in random order, as use-cases do it: what belongs to something
// goes before it.
class RandomThings {
 public:
  explicit RandomThings(unsigned seed) : random_(seed) {}

  Result<void> step(Tx& tx) {
    const auto domain = name("d", pick(2));
    const auto client = ClientId::trusted(domain + name("c", pick(3)));
    const auto channel = ChannelId::trusted(domain + name("h", pick(3)));
    const auto group = GroupId::trusted(domain + name("g", pick(2)));
    const auto in = DomainId::trusted(domain);
    switch (pick(10)) {
      case 0:
        return insert_one(tx, Client{.id = client, .domain = in});
      case 1:
        return insert_one(tx, Channel{.id = channel, .domain = in});
      case 2:
        return insert_one(tx, Group{.id = group, .domain = in, .name = group.str()});
      case 3:
        return insert_one(tx, Connection{.client = client, .channel = channel, .domain = in});
      case 4:
        return insert_role(tx, domain, client, group);
      case 5:
        return insert_member(tx, domain);
      case 6:
        return insert_key(tx, client);
      case 7:
        return erase_client(tx, client);
      case 8:
        return insert_one(tx, GroupConnection{.group = group, .channel = channel, .domain = in});
      default:
        return erase_rest(tx, domain, channel, group);
    }
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  static std::string name(std::string_view kind, int n) { return fmt::format("{}{}", kind, n); }
  static Credential key_of(const ClientId& client) {
    return {.id = CredentialId::trusted(client.str() + "k"),
            .owner_kind = "client",
            .owner_id = client.str(),
            .type = CredentialType::client_key};
  }
  template <class Row>
  static Result<void> insert_one(Tx& tx, Row row) {
    row.stamp.created_at = row.stamp.updated_at = tx.now();
    return insert(tx, row);
  }
  static Result<void> insert_key(Tx& tx, const ClientId& client) {
    TRY(const auto there, find<Client>(tx, client));
    return there ? insert_one(tx, key_of(client)) : Result<void>();
  }
  Result<void> insert_role(Tx& tx, const std::string& domain, const ClientId& client, const GroupId& group) {
    if (pick(2) == 0)
      return insert_one(tx, Role{.id = RoleId::trusted(domain + name("r", pick(2))),
                                 .scope_kind = "domain",
                                 .scope_id = domain,
                                 .name = name("x", pick(99))});
    const bool on_client = pick(2) == 0;
    TRY(const bool there, exists(tx, client, group, on_client));
    if (!there) return {};
    const auto& on = on_client ? client.str() : group.str();
    return insert_one(tx, Role{.id = RoleId::trusted(on + "r"),
                               .scope_kind = on_client ? "client" : "group",
                               .scope_id = on,
                               .name = "on"});
  }
  static Result<bool> exists(Tx& tx, const ClientId& client, const GroupId& group, bool on_client) {
    if (on_client) {
      TRY(const auto row, find<Client>(tx, client));
      return row.has_value();
    }
    TRY(const auto row, find<Group>(tx, group));
    return row.has_value();
  }
  Result<void> insert_member(Tx& tx, const std::string& domain) {
    return insert_one(tx, RoleMember{.role = RoleId::trusted(domain + name("r", pick(2))),
                                     .subject_kind = pick(4) == 0 ? "client" : "user",
                                     .subject_id = name("u", pick(3)),
                                     .scope_kind = "domain",
                                     .scope_id = domain});
  }
  // By its key alone, which is all that an erase needs.
  static Result<void> erase_client(Tx& tx, const ClientId& client) {
    TRY(const auto row, find<Client>(tx, client));
    if (!row) return {};
    TRY(const auto connections, select<Connection>(tx, lookup::kConnectionsOfClient, client));
    for (const auto& c : connections) TRY(erase(tx, Connection{.client = c.client, .channel = c.channel}));
    TRY(const auto key, find<Credential>(tx, key_of(client).id));
    if (key) TRY(erase(tx, *key));
    TRY(const auto role, find<Role>(tx, RoleId::trusted(client.str() + "r")));
    if (role) TRY(erase(tx, Role{.id = role->id}));
    return erase(tx, Client{.id = client});
  }
  Result<void> erase_rest(Tx& tx, const std::string& domain, const ChannelId& channel, const GroupId& group) {
    const auto role = RoleId::trusted(domain + name("r", pick(2)));
    TRY(const auto members, select<RoleMember>(tx, lookup::kMembersOfRole, role));
    for (const auto& m : members)
      TRY(erase(tx, RoleMember{.role = m.role, .subject_kind = m.subject_kind, .subject_id = m.subject_id}));
    TRY(const auto there, find<Role>(tx, role));
    if (there) TRY(erase(tx, *there));
    TRY(const auto on_group, find<Role>(tx, RoleId::trusted(group.str() + "r")));
    if (on_group) TRY(erase(tx, *on_group));
    for (const auto& [of, id] : {std::pair{lookup::kConnectionsOfGroup, group.str()},
                                 {lookup::kGroupConnectionsOfChannel, channel.str()}}) {
      TRY(const auto connections, select<GroupConnection>(tx, of, id));
      for (const auto& c : connections)
        TRY(erase(tx, GroupConnection{.group = c.group, .channel = c.channel}));
    }
    TRY(const auto g, find<Group>(tx, group));
    if (g) TRY(erase(tx, Group{.id = group}));
    TRY(const auto connections, select<Connection>(tx, lookup::kConnectionsOfChannel, channel));
    for (const auto& c : connections) TRY(erase(tx, c));
    TRY(const auto h, find<Channel>(tx, channel));
    return h ? erase(tx, Channel{.id = channel}) : Result<void>();
  }

  std::mt19937 random_;
};

class Usage : public StoreTest {
 protected:
  using Counts = std::map<std::string, Amounts>;

  Counts counts() {
    Counts found;
    const auto done = store_->read([&](Read& read) {
      return read.query(kCounts, {}, [&found](const sql::Row& row) -> Result<void> {
        auto& amounts = found[std::string(row.bytes(0))];
        for (std::size_t i = 0; i < kCounted; ++i) amounts[i] = row.integer(static_cast<int>(i) + 1);
        return {};
      });
    });
    EXPECT_TRUE(done) << (done ? "" : done.error().detail);
    return found;
  }
  // What a count of all rows says.
  Counts recounted() {
    store_.reset();
    {
      auto database = GetParam().open(folder_.path());
      EXPECT_TRUE(database);
      auto session = (*database)->connect(sql::Database::Access::read_write);
      EXPECT_TRUE(session);
      EXPECT_TRUE((*session)->begin_write());
      EXPECT_TRUE(recount_usage(**session));
      EXPECT_TRUE((*session)->commit());
    }
    open();
    return counts();
  }
  void make_domains() {
    ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
      for (const auto* id : {"d0", "d1"}) {
        Domain domain{.id = DomainId::trusted(id), .name = id};
        TRY(insert(tx, domain));
      }
      return {};
    }));
  }
  Result<void> add_client(int n, std::string domain = "d0") {
    auto done = write([n, domain](Tx& tx) {
      Client client{.id = ClientId::trusted(fmt::format("{}c{}", domain, n)),
                    .domain = DomainId::trusted(domain)};
      return insert(tx, client);
    });
    if (!done) return fail(done.error());
    return {};
  }
};

TEST_P(Usage, IsWhatACountOfTheRowsSaysAfterRandomWrites) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    if (seed == 1) make_domains();
    auto things = std::make_shared<RandomThings>(seed);
    std::vector<Write<Done>> together;
    for (int i = 0; i < 200; ++i) {
      // Some do several things and then fail, which must leave no trace.
      const bool fails = i % 7 == 0;
      together.push_back(to_write([things, fails](Tx& tx) -> Result<void> {
        TRY(things->step(tx));
        if (fails) return fail(Code::conflict, "test.enough", "Enough.");
        return {};
      }));
      if (together.size() < 10) continue;
      write_together(std::move(together));
      together.clear();
    }
    const auto kept = counts();
    EXPECT_EQ(kept, recounted()) << "seed " << seed;
    std::int64_t all = 0;
    for (const auto& [domain, amounts] : kept)
      for (const auto amount : amounts) all += amount;
    EXPECT_GT(all, 0) << "the test must count something";
  }
}

TEST_P(Usage, EndsAtTheQuotaWhicheverBatchAWriteIsIn) {
  auto some = options();
  some.quotas[static_cast<std::size_t>(Counted::clients)] = 5;
  open(std::move(some));
  make_domains();
  std::vector<Write<Done>> together;
  for (int i = 0; i < 8; ++i)
    together.push_back(to_write([i](Tx& tx) {
      Client client{.id = ClientId::trusted(fmt::format("c{}", i)), .domain = DomainId::trusted("d0")};
      return insert(tx, client);
    }));
  int refused = 0;
  for (const auto& answer : write_together(std::move(together))) {
    if (answer) continue;
    ++refused;
    EXPECT_EQ(answer.error().code, Code::conflict);
    EXPECT_EQ(answer.error().reason, Reason("quota.clients"));
    EXPECT_EQ(answer.error().message, "This domain has 5 of at most 5 clients; this would be more.");
  }
  EXPECT_EQ(refused, 3);
  EXPECT_FALSE(add_client(20));
  EXPECT_TRUE(add_client(20, "d1")) << "another domain has its own";
  EXPECT_NE(metrics_.render().find("allauth_quota_refusals_total{what=\"clients\"} 4"), std::string::npos);
  ASSERT_TRUE(write([](Tx& tx) { return erase(tx, Client{.id = ClientId::trusted("c0")}); }));
  EXPECT_TRUE(add_client(21)) << "what is gone makes room";
  EXPECT_EQ(counts().at("d0")[static_cast<std::size_t>(Counted::clients)], 5);
}

TEST_P(Usage, KnowsTheQuotaOfADomainsOwnFromTheWriteThatSetsIt) {
  make_domains();
  std::vector<Write<Done>> together;
  for (int i = 0; i < 3; ++i)
    together.push_back(to_write([i](Tx& tx) -> Result<void> {
      if (i == 1) {
        TRY(auto domain, find<Domain>(tx, DomainId::trusted("d0")));
        domain->quotas.own[static_cast<std::size_t>(Counted::clients)] = 1;
        return update(tx, *domain);
      }
      Client client{.id = ClientId::trusted(fmt::format("c{}", i)), .domain = DomainId::trusted("d0")};
      return insert(tx, client);
    }));
  const auto answers = write_together(std::move(together));
  EXPECT_TRUE(answers[0]);
  EXPECT_TRUE(answers[1]);
  ASSERT_FALSE(answers[2]);
  EXPECT_EQ(answers[2].error().reason, Reason("quota.clients"));
  open();
  EXPECT_FALSE(add_client(5)) << "and after a restart";
}

TEST_P(Usage, GoesWithItsDomain) {
  make_domains();
  ASSERT_TRUE(add_client(1));
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    TRY(erase(tx, Client{.id = ClientId::trusted("d0c1")}));
    return erase(tx, Domain{.id = DomainId::trusted("d0")});
  }));
  EXPECT_FALSE(counts().contains("d0"));
}

INSTANTIATE_TEST_SUITE_P(Engines, Usage, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
