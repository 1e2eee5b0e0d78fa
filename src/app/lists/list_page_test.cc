// Lists against a model in memory, on every engine: whatever the order, filter and way of paging, each row
// that belongs there comes once and in its place.
#include "app/lists/list_page.h"

#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "store/testing/contract.h"

namespace allauth::app {
namespace {

using store::Direction;
using store::testing::engines;
using store::testing::StoreTest;

class ListContract : public StoreTest {
 protected:
  int number(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }

  std::string text() {
    static const std::vector<std::string> kPieces{"a", "B", "b", "ü", "🦊", "Z", "~", " x", "1", "_"};
    std::string out;
    for (int i = 1 + number(3); i > 0; --i) out += kPieces[static_cast<std::size_t>(number(9))];
    return out;
  }

  User random_user() {
    const auto id = fmt::format("u{:x}-{}", random_(), ++made_);
    User user{.id = UserId::trusted(id), .name = text()};
    if (number(3) > 0) user.email = fmt::format("{}@{}", text(), made_);
    if (number(3) > 0) user.username = fmt::format("n{}{}", number(9), made_);
    for (int i = 0; i < 3; ++i)
      if (number(1) == 0) user.tags.push_back(fmt::format("t{}", i));
    user.metadata = {fmt::format(R"({{"n":{},"deep":{{"m":{}}}}})", number(2), number(1))};
    if (number(4) == 0) user.status = Status::disabled;
    user.stamp = {.created_at = from_millis(number(9)), .updated_at = from_millis(number(9))};
    return user;
  }

  void insert_users(int count) {
    ASSERT_TRUE(write([&](store::Tx& tx) -> Result<void> {
      for (int i = 0; i < count; ++i) {
        User user = random_user();
        TRY(store::insert(tx, user));
        users_.push_back(user);
      }
      return {};
    }));
  }

  Page<User> page(const ListRequest& request) {
    auto got =
        store_->read([&](store::Read& read) { return list_page<User>(read, store::list::users(), request); });
    EXPECT_TRUE(got) << (got ? "" : got.error().message + got.error().detail);
    return got ? std::move(*got) : Page<User>{};
  }

  Reason refusal(const ListRequest& request) {
    const auto got =
        store_->read([&](store::Read& read) { return list_page<User>(read, store::list::users(), request); });
    return got ? Reason("none") : got.error().reason;
  }

  static std::vector<std::string> ids(const std::vector<User>& users) {
    std::vector<std::string> out;
    for (const auto& user : users) out.push_back(user.id.str());
    return out;
  }

  // The model: sorted and filtered by hand.
  std::vector<std::string> expected(const std::string& order_by,
                                    const std::function<bool(const User&)>& keep) {
    const auto key = [&](const User& user) -> std::pair<std::string, std::int64_t> {
      if (order_by.starts_with("name")) return {user.name, 0};
      if (order_by.starts_with("email")) return {user.email, 0};
      if (order_by.starts_with("username")) return {user.username, 0};
      if (order_by.starts_with("created_at")) return {"", to_millis(user.stamp.created_at)};
      if (order_by.starts_with("updated_at")) return {"", to_millis(user.stamp.updated_at)};
      return {"", 0};
    };
    std::vector<User> rows;
    std::ranges::copy_if(users_, std::back_inserter(rows), keep);
    std::ranges::sort(rows, [&](const User& a, const User& b) {
      const bool before = std::pair(key(a), a.id.str()) < std::pair(key(b), b.id.str());
      return order_by.ends_with(" desc") ? a.id != b.id && !before : before;
    });
    return ids(rows);
  }

  std::vector<std::string> by_token(ListRequest request) {
    std::vector<std::string> seen;
    for (int pages = 0; pages < 1000; ++pages) {
      const auto got = page(request);
      EXPECT_LE(got.items.size(), request.size);
      std::ranges::move(ids(got.items), std::back_inserter(seen));
      if (got.next_token.empty()) return seen;
      request.token = got.next_token;
    }
    ADD_FAILURE() << "the pages have no end";
    return seen;
  }

  std::vector<std::string> by_offset(ListRequest request, std::size_t total) {
    std::vector<std::string> seen;
    for (std::size_t offset = 0;; offset += request.size) {
      request.offset = offset;
      const auto got = page(request);
      EXPECT_EQ(got.total, total);
      if (got.items.empty()) return seen;
      std::ranges::move(ids(got.items), std::back_inserter(seen));
    }
  }

  std::mt19937 random_{7};
  int made_ = 0;
  std::vector<User> users_;
};

struct Narrowed {
  ListFilter filter;
  std::function<bool(const User&)> keep;
};

std::vector<Narrowed> filters_for(const User& some) {
  const auto ms = [](Instant t) { return to_millis(t); };
  return {
      {{}, [](const User&) { return true; }},
      {{.name = some.name}, [=](const User& u) { return u.name == some.name; }},
      {{.name_contains = "B"}, [](const User& u) { return u.name.find_first_of("bB") != std::string::npos; }},
      {{.tags_all = {"t0", "t2"}},
       [](const User& u) { return std::ranges::includes(u.tags, Tags{"t0", "t2"}); }},
      {{.tags_any = {"t1", "zz"}},
       [](const User& u) { return std::ranges::find(u.tags, "t1") != u.tags.end(); }},
      {{.metadata = Metadata{R"({"deep":{"m":1}})"}},
       [](const User& u) { return u.metadata.json.find("\"m\":1") != std::string::npos; }},
      {{.status = Status::disabled}, [](const User& u) { return u.status == Status::disabled; }},
      {{.created_after = from_millis(3), .created_before = from_millis(7)},
       [=](const User& u) { return ms(u.stamp.created_at) >= 3 && ms(u.stamp.created_at) < 7; }},
      {{.updated_after = from_millis(8)}, [=](const User& u) { return ms(u.stamp.updated_at) >= 8; }},
      {{.updated_before = from_millis(2)}, [=](const User& u) { return ms(u.stamp.updated_at) < 2; }},
      {{.email = some.email}, [=](const User& u) { return some.email.empty() || u.email == some.email; }},
      {{.email_prefix = "a"}, [](const User& u) { return u.email.starts_with("a"); }},
      {{.email_prefix = "ü"}, [](const User& u) { return u.email.starts_with("ü"); }},
      {{.username_prefix = "n1"}, [](const User& u) { return u.username.starts_with("n1"); }},
      {{.status = Status::enabled, .created_before = from_millis(5)},
       [=](const User& u) { return u.status == Status::enabled && ms(u.stamp.created_at) < 5; }},
  };
}

TEST_P(ListContract, GivesWhatTheModelGivesInEveryOrderFilterAndWayOfPaging) {
  insert_users(120);
  for (const auto& order : store::list::users().orders()) {
    for (const char* way : {"", " desc"}) {
      for (const auto& [filter, keep] : filters_for(users_[static_cast<std::size_t>(number(119))])) {
        const std::string order_by = order.word + way;
        ListRequest request{.size = static_cast<std::size_t>(1 + number(40)),
                            .order_by = order_by,
                            .filter = filter,
                            .most_examined = static_cast<std::size_t>(1 + number(60))};
        const auto wanted = expected(order_by, keep);
        EXPECT_EQ(by_token(request), wanted) << order_by << " " << fingerprint(filter);
        EXPECT_EQ(by_offset(request, wanted.size()), wanted) << order_by << " " << fingerprint(filter);
        request.count = true;
        EXPECT_EQ(page(request).total, wanted.size());
        request.count = false;
        EXPECT_FALSE(page(request).total);
      }
    }
  }
}

TEST_P(ListContract, LosesAndRepeatsNothingThatIsThereThroughout) {
  insert_users(60);
  const auto there = users_;
  std::vector<std::string> seen;
  ListRequest request{.size = 7, .order_by = "name"};
  do {
    const auto got = page(request);
    for (const auto& user : got.items) seen.push_back(user.id.str());
    request.token = got.next_token;
    insert_users(5);
    ASSERT_TRUE(write([&](store::Tx& tx) -> Result<void> {
      TRY(store::erase(tx, users_.back()));
      users_.pop_back();
      return {};
    }));
  } while (!request.token.empty() && seen.size() < 1000);
  for (const auto& user : there) EXPECT_EQ(std::ranges::count(seen, user.id.str()), 1) << user.id.str();
}

TEST_P(ListContract, EndsAFilteredPageWhenEnoughWasLookedAt) {
  insert_users(50);
  const auto got = page({.size = 10, .filter = {.name_contains = "nowhere"}, .most_examined = 20});
  EXPECT_TRUE(got.items.empty());
  EXPECT_FALSE(got.next_token.empty());
}

TEST_P(ListContract, CountsExactlyOrNotAtAll) {
  insert_users(50);
  EXPECT_EQ(page({.size = 1, .count = true, .most_counted = 50}).total, 50u);
  EXPECT_EQ(refusal({.count = true, .most_counted = 49}), Reason("list.too_many"));
  EXPECT_EQ(refusal({.offset = 3, .most_counted = 49}), Reason("list.too_many"));
  const ListFilter filter{.name_contains = "nowhere"};
  EXPECT_EQ(page({.size = 1, .count = true, .filter = filter, .most_counted_filtered = 50}).total, 0u);
  EXPECT_EQ(refusal({.count = true, .filter = filter, .most_counted_filtered = 49}), Reason("list.too_many"));
}

TEST_P(ListContract, RefusesWhatItDoesNotOffer) {
  insert_users(5);
  for (const char* order : {"revision", "name  desc", "name DESC", "name desc ", " name", "name,id", "tags"})
    EXPECT_EQ(refusal({.order_by = order}), Reason("list.order")) << order;
  EXPECT_EQ(refusal({.order_by = std::string(100, 'n')}), Reason("list.order"));
  EXPECT_EQ(refusal({.order_by = "name asc"}), Reason("none"));
  const auto token = page({.size = 2, .order_by = "name"}).next_token;
  ASSERT_FALSE(token.empty());
  EXPECT_EQ(refusal({.token = token, .order_by = "name"}), Reason("none"));
  EXPECT_EQ(refusal({.token = token}), Reason("page.token"));
  EXPECT_EQ(refusal({.token = token, .order_by = "name desc"}), Reason("page.token"));
  EXPECT_EQ(refusal({.token = token, .order_by = "email"}), Reason("page.token"));
  EXPECT_EQ(refusal({.token = token, .order_by = "name", .filter = {.status = Status::enabled}}),
            Reason("page.token"));
  EXPECT_EQ(refusal({.token = token, .offset = 0, .order_by = "name"}), Reason("list.offset"));
  EXPECT_EQ(refusal({.size = 1001}), Reason("page.size"));
  EXPECT_EQ(refusal({.filter = {.name = "\xFF"}}), Reason("list.filter"));
}

TEST_P(ListContract, KeepsToWhatAListIsOf) {
  const auto client = [](const char* id, const char* domain, const char* group, const char* name) {
    return Client{.id = ClientId::trusted(id),
                  .domain = DomainId::trusted(domain),
                  .name = name,
                  .group = GroupId::trusted(group)};
  };
  ASSERT_TRUE(write([&](store::Tx& tx) -> Result<void> {
    for (const char* id : {"d1", "d2"}) {
      Domain domain{.id = DomainId::trusted(id), .name = id};
      TRY(store::insert(tx, domain));
    }
    for (auto row : {client("c1", "d1", "g", "b"), client("c2", "d1", "", "a"), client("c3", "d2", "", "a"),
                     client("c4", "d1", "g", "a")})
      TRY(store::insert(tx, row));
    return {};
  }));
  const auto list = [&](const store::List& of, const char* parent, ListRequest request) {
    request.count = true;
    return store_->read(
        [&](store::Read& read) { return list_page<Client>(read, of, request, std::string(parent)); });
  };
  const auto ids_of = [](const Page<Client>& page) {
    std::vector<std::string> out;
    for (const auto& row : page.items) out.push_back(row.id.str());
    return out;
  };
  using Ids = std::vector<std::string>;
  const auto all = list(store::list::clients_of_domain(), "d1", {.size = 2, .order_by = "name"});
  ASSERT_TRUE(all);
  EXPECT_EQ(ids_of(*all), (Ids{"c2", "c4"}));
  EXPECT_EQ(all->total, 3u);
  const auto elsewhere =
      list(store::list::clients_of_domain(), "d2", {.token = all->next_token, .order_by = "name"});
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().reason, Reason("page.token"));
  const auto grouped = list(store::list::clients_of_group(), "g", {.order_by = "name"});
  ASSERT_TRUE(grouped);
  EXPECT_EQ(ids_of(*grouped), (Ids{"c4", "c1"}));
  EXPECT_EQ(grouped->total, 2u);
  EXPECT_EQ(list(store::list::clients_of_group(), "", {})->total, 0u) << "no group is not a group";
}

TEST(ListFew, IsAsAnyOtherList) {
  std::vector<Role> roles;
  for (const char* name : {"c", "a", "d", "b"})
    roles.push_back({.id = RoleId::trusted(std::string("r-") + name), .name = name});
  const auto list = [&](const ListRequest& request) {
    std::string names;
    const auto page = list_few(roles, store::list::roles_of_scope(), request, std::string("domain")).value();
    for (const auto& role : page.items) names += role.name;
    return std::pair(names, page.next_token);
  };
  const auto first = list({.size = 3, .order_by = "name desc"});
  EXPECT_EQ(first.first, "dcb");
  EXPECT_EQ(list({.size = 3, .token = first.second, .order_by = "name desc"}),
            std::pair(std::string("a"), std::string()));
  EXPECT_EQ(list({.size = 2, .offset = 3}).first, "d");
  EXPECT_EQ(list({.offset = 9}).first, "");
  EXPECT_EQ(list({.filter = {.name = "b"}}).first, "b");
}

INSTANTIATE_TEST_SUITE_P(Engines, ListContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::app
