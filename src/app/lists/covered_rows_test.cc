#include "app/lists/covered_rows.h"

#include <random>

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::app {
namespace {

// What somebody sees who goes through a list page by page.
struct Seen {
  std::vector<std::string> ids;
  std::optional<std::uint32_t> total;

  friend bool operator==(const Seen&, const Seen&) = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {
  for (const auto& id : seen.ids) *out << id << ' ';
  *out << "of " << seen.total.value_or(0);
}

class Covered : public testing::Test {
 protected:
  Covered() : one_(world_.make_domain("one")), two_(world_.make_domain("two")) {
    const auto user = world_.make_user("ann");
    ann_ = world_.caller(user.id);
    for (const auto& domain : {one_, two_}) {
      world_.join(domain.id, user.id, DomainRole::admin);
      ids_.push_back(domain.id.str());
      const auto top = world_.make_group(domain.id, "top");
      for (int i = 0; i < 3; ++i) {
        const auto client = world_.make_client(domain.id).client;
        if (i == 0) world_.put_client(client, top.id);
        ids_.push_back(client.id.str());
        ids_.push_back(world_.make_channel(domain.id, fmt::format("ch{}", i)).id.str());
        ids_.push_back(world_.make_group(domain.id, fmt::format("g{}", i), top.id).id.str());
      }
      tops_.push_back(top.id);
      ids_.push_back(top.id.str());
    }
  }

  // Page by page, two things at a time.
  template <class List>
  Seen see(List list) {
    Seen seen;
    ListRequest request{.size = 2, .count = true, .order_by = "name desc"};
    for (;;) {
      const auto page = must(world_.store->read([&](store::Read& read) { return list(read, request); }));
      for (const auto& item : page.items) {
        if constexpr (requires { item.group.id; })
          seen.ids.push_back(item.group.id.str());
        else
          seen.ids.push_back(item.id.str());
      }
      seen.total = page.total;
      if (page.next_token.empty()) return seen;
      request.token = page.next_token;
    }
  }

  // A list as the owner sees it, what checks leave of it, and the same with the token.
  template <class Act, class Object, class List>
  void compare(const Caller& with, const Object& object, std::string_view kind, List list) {
    const auto own = world_.permit<Act>(ann_, object);
    Seen expected =
        see([&](store::Read& read, const ListRequest& request) { return list(read, own, request); });
    std::erase_if(expected.ids, [&](const auto& id) { return !world_.may(with, "can_read", kind, id); });
    expected.total = static_cast<std::uint32_t>(expected.ids.size());
    const auto permit = Gate(*world_.core).require<Act>(with, object);
    if (!permit) {
      EXPECT_EQ(permit.error().reason, Reason("credential.scope"));
      EXPECT_TRUE(expected.ids.empty()) << kind << " " << text_of(with);
      return;
    }
    EXPECT_EQ(
        see([&](store::Read& read, const ListRequest& request) { return list(read, *permit, request); }),
        expected)
        << kind << " with " << text_of(with);
  }

  static std::string text_of(const Caller& who) {
    std::string text;
    for (const auto& scope : who.who.restrictions->scopes) text += "[" + policy::to_text(scope) + "] ";
    return text;
  }

  Caller with_scopes(std::vector<policy::Scope> scopes) {
    Caller caller = ann_;
    caller.who.session = {};
    caller.who.restrictions = std::make_shared<policy::Restrictions>(policy::Restrictions{std::move(scopes)});
    return caller;
  }

  policy::Scope random_scope(std::mt19937& random) {
    const auto pick = [&](const std::vector<std::string>& of) { return of[random() % of.size()]; };
    return must(policy::make_scope(
        pick({"client", "channel", "group", "domain", "*"}), pick({"read", "read", "update", "*"}),
        pick({"", "", one_.id.str(), two_.id.str()}), random() % 2 == 0 ? "*" : pick(ids_)));
  }

  TestWorld world_;
  Domain one_, two_;
  Caller ann_;
  std::vector<GroupId> tops_;
  std::vector<std::string> ids_;
};

TEST_F(Covered, ListsHoldExactlyWhatChecksAllow) {
  std::mt19937 random(4711);
  const Core& core = *world_.core;
  for (int round = 0; round < 40; ++round) {
    std::vector<policy::Scope> scopes;
    for (auto left = random() % 5; left > 0; --left) scopes.push_back(random_scope(random));
    const Caller with = with_scopes(std::move(scopes));
    for (std::size_t at = 0; at < 2; ++at) {
      const DomainId domain = at == 0 ? one_.id : two_.id;
      compare<act::ListClients>(
          with, domain, kind::client,
          [](auto& read, const auto& permit, auto& request) { return list_clients(read, permit, request); });
      compare<act::ListChannels>(
          with, domain, kind::channel,
          [](auto& read, const auto& permit, auto& request) { return list_channels(read, permit, request); });
      compare<act::ListGroups>(with, domain, kind::group, [&](auto& read, const auto& permit, auto& request) {
        return list_groups(core, read, permit, Level::all, request);
      });
      compare<act::ListGroupsBelow>(with, tops_[at], kind::group,
                                    [&](auto& read, const auto& permit, auto& request) {
                                      return list_groups_below(core, read, permit, request);
                                    });
      compare<act::ListGroupClients>(with, tops_[at], kind::client,
                                     [](auto& read, const auto& permit, auto& request) {
                                       return list_clients_of_group(read, permit, request);
                                     });
    }
    const auto domains = see([&](store::Read& read, const ListRequest& request) {
      return list_domains(core, read, with, request);
    });
    std::vector<std::string> expected;
    for (const auto& domain : {two_, one_})
      if (world_.may(with, "can_read", kind::domain, domain.id.str())) expected.push_back(domain.id.str());
    EXPECT_EQ(domains.ids, expected) << text_of(with);
    if (HasFailure()) return;
  }
}

// One thing of a kind is enough to ask for the list, and all there is to see in it.
TEST_F(Covered, OneIdIsAListOfOne) {
  const auto client = world_.make_client(one_.id).client;
  const Caller with = with_scopes({must(policy::parse_scope("client read * " + client.id.str()))});
  const Gate gate(*world_.core);
  const auto permit = must(gate.require<act::ListClients>(with, one_.id));
  const auto seen =
      see([&](store::Read& read, const ListRequest& request) { return list_clients(read, permit, request); });
  EXPECT_EQ(seen, (Seen{{client.id.str()}, 1}));
  EXPECT_FALSE(gate.require<act::ListChannels>(with, one_.id));
  EXPECT_FALSE(gate.require<act::CreateClient>(with, one_.id));
  EXPECT_FALSE(gate.require<act::UpdateClient>(with, client.id));
}

// What lies below a group is made by who may make it there, in the domain of the scope.
TEST_F(Covered, ThingsAreMadeInTheDomainOfTheScope) {
  const Caller with = with_scopes({must(policy::parse_scope("client create " + one_.id.str()))});
  const Gate gate(*world_.core);
  EXPECT_TRUE(gate.require<act::CreateClient>(with, one_.id));
  EXPECT_TRUE(gate.require<act::CreateClient>(with, Container(one_.id, tops_[0])));
  EXPECT_FALSE(gate.require<act::CreateClient>(with, two_.id));
  EXPECT_FALSE(gate.require<act::CreateClient>(with, Container(two_.id, tops_[1])));
  EXPECT_FALSE(gate.require<act::CreateChannel>(with, one_.id));
}

}  // namespace
}  // namespace allauth::app
