// What passes the view of one domain: all of it, and nothing of another one, whatever is written.
#include "server/stream/view.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "model/access.h"
#include "store/rows.h"

namespace allauth::server {
namespace {

using store::Image;

template <class Row>
Image image(const Row& row) {
  return *store::image_of(row);
}
template <class Row>
Image gone(const Row& row) {
  auto made = image(row);
  made.bytes.clear();
  return made;
}

StreamView view(const std::string& text) { return std::move(*StreamView::parse(text)); }

// Rows of several domains, each of which names its domain somewhere in what it holds: "d2" has the client
// "d2-c1", whose key is "d2-k1", and so on.
class Domains {
 public:
  explicit Domains(unsigned seed) : random_(seed) {}

  // A change to a random row, as the log has it.
  Image next() {
    const std::string d = fmt::format("d{}", pick(3)), n = fmt::to_string(pick(3));
    const auto domain = DomainId::trusted(d);
    switch (pick(11)) {
      case 0:
        return change(Domain{.id = domain, .name = d});
      case 1:
        return change(Client{.id = ClientId::trusted(d + "-c" + n), .domain = domain, .name = d});
      case 2:
        return change(Channel{.id = ChannelId::trusted(d + "-h" + n), .domain = domain, .name = d});
      case 3:
        return change(Connection{.client = ClientId::trusted(d + "-c" + n),
                                 .channel = ChannelId::trusted(d + "-h" + n),
                                 .domain = domain});
      case 4:
        return change(Role{.id = RoleId::trusted(d + "-r" + n), .scope_kind = "domain", .scope_id = d});
      case 5:
        return change(RoleMember{.role = RoleId::trusted(d + "-r" + n),
                                 .subject_kind = "user",
                                 .subject_id = "u" + n,
                                 .scope_kind = "domain",
                                 .scope_id = d});
      case 6:
        return change(Credential{.id = CredentialId::trusted(d + "-k" + n),
                                 .owner_kind = "client",
                                 .owner_id = d + "-c" + n,
                                 .type = CredentialType::client_key,
                                 .digest = {d}});
      case 7:
        return change(Group{.id = GroupId::trusted(d + "-g" + n), .domain = domain, .name = d});
      case 9:
        return change(GroupConnection{.group = GroupId::trusted(d + "-g" + n),
                                      .channel = ChannelId::trusted(d + "-h" + n),
                                      .domain = domain});
      case 8:
        return change(User{.id = UserId::trusted("user-of-" + d), .name = d});
      default:
        return change(Credential{.id = CredentialId::trusted(d + "-p" + n),
                                 .owner_kind = "user",
                                 .owner_id = "user-of-" + d,
                                 .verifier = "secret"});
    }
  }

 private:
  template <class Row>
  Image change(const Row& row) {
    return pick(4) == 0 ? gone(row) : image(row);
  }
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  std::mt19937 random_;
};

TEST(TheViewOfADomain, NeverHoldsAnythingOfAnother) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Domains domains(seed);
    auto tenant = view("tenant:d1");
    int passed = 0;
    for (int i = 0; i < 3000; ++i) {
      const auto out = tenant.pass(domains.next());
      ASSERT_TRUE(out);
      if (!*out) continue;
      ++passed;
      const std::string all = (*out)->key + " " + (*out)->bytes;
      for (const char* foreign : {"d0", "d2", "user-of", "secret"})
        ASSERT_EQ(all.find(foreign), std::string::npos) << "seed " << seed << ": " << all;
      ASSERT_NE(all.find("d1"), std::string::npos);
    }
    EXPECT_GT(passed, 100);
  }
}

TEST(TheViewOfADomain, EndsUpWithAllThatIsInIt) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    Domains domains(seed);
    auto tenant = view("tenant:d1");
    std::map<std::string, std::string> all, seen;  // by kind and key; without what is gone
    const auto note = [](auto& rows, const Image& image) {
      const auto name = fmt::format("{} {}", static_cast<int>(image.kind), image.key);
      if (image.bytes.empty())
        rows.erase(name);
      else
        rows[name] = image.bytes;
    };
    for (int i = 0; i < 3000; ++i) {
      const auto next = domains.next();
      note(all, next);
      const auto out = tenant.pass(next);
      ASSERT_TRUE(out);
      if (*out) note(seen, **out);
    }
    for (const auto& [name, bytes] : seen) {
      ASSERT_TRUE(all.contains(name)) << name;
      EXPECT_EQ(all[name], bytes);
    }
    // Keys pass only while their client is known, so those written before their client are not there.
    const auto key = fmt::format("{} ", static_cast<int>(ImageKind::credential));
    for (const auto& [name, bytes] : all)
      if (name.find("d1") != std::string::npos && name.find("user") == std::string::npos &&
          !name.starts_with(key))
        EXPECT_TRUE(seen.contains(name)) << name;
  }
}

TEST(TheViewOfADomain, ShowsTheKeysOfItsClients) {
  auto tenant = view("tenant:d1");
  const Client client{.id = ClientId::trusted("c1"), .domain = DomainId::trusted("d1")};
  const Credential key{.id = CredentialId::trusted("k1"),
                       .owner_kind = "client",
                       .owner_id = "c1",
                       .type = CredentialType::client_key};
  EXPECT_FALSE(tenant.pass(image(key))->has_value()) << "whose client is it?";
  EXPECT_TRUE(tenant.pass(image(client))->has_value());
  EXPECT_TRUE(tenant.pass(image(key))->has_value());
  EXPECT_TRUE(tenant.pass(gone(key))->has_value());
  EXPECT_FALSE(tenant.pass(gone(key))->has_value()) << "it was never there";
}

TEST(TheViewOfADomain, ShowsTheRolesOfItsGroups) {
  auto tenant = view("tenant:d1");
  const Role role{.id = RoleId::trusted("r1"), .scope_kind = "group", .scope_id = "g1"};
  EXPECT_FALSE(tenant.pass(image(role))->has_value()) << "whose group is it?";
  const Group group{.id = GroupId::trusted("g1"), .domain = DomainId::trusted("d1")};
  EXPECT_TRUE(tenant.pass(image(group))->has_value());
  EXPECT_TRUE(tenant.pass(image(role))->has_value());
}

TEST(TheViewOfADomain, TellsThatARowHasLeftIt) {
  auto tenant = view("tenant:d1");
  Client client{.id = ClientId::trusted("c1"), .domain = DomainId::trusted("d1")};
  ASSERT_TRUE(tenant.pass(image(client))->has_value());
  client.domain = DomainId::trusted("d2");
  const auto left = *tenant.pass(image(client));
  ASSERT_TRUE(left);
  EXPECT_EQ(left->bytes, "");
}

TEST(TheViewOfANode, HoldsWhatIsForEverybody) {
  auto node = view("node");
  EXPECT_TRUE(node.resumes());
  const User user{.id = UserId::trusted("u1")};
  EXPECT_TRUE(node.pass(image(user))->has_value());
  EXPECT_TRUE(node.pass(gone(user))->has_value());
  const Credential password{.id = CredentialId::trusted("p"), .owner_kind = "user", .owner_id = "u1"};
  const Credential token{.id = CredentialId::trusted("t"),
                         .owner_kind = "node",
                         .owner_id = "n",
                         .type = CredentialType::node_token};
  EXPECT_FALSE(node.pass(image(password))->has_value());
  EXPECT_FALSE(node.pass(image(token))->has_value());
  EXPECT_FALSE(node.pass(image(StoredKey{.kid = "1"}))->has_value());
  EXPECT_FALSE(node.pass(image(Setting{.name = "digest_key"}))->has_value());
}

TEST(Views, AreOfANodeOrOneDomain) {
  EXPECT_FALSE(view("tenant:d1").resumes());
  EXPECT_FALSE(view("tenant:d1").has_secrets());
  for (auto bad : {"", "nodes", "tenant", "tenant:", "tenant:a b", "all"})
    EXPECT_EQ(StreamView::parse(bad).error().reason, Reason("stream.view")) << bad;
}

}  // namespace
}  // namespace allauth::server
