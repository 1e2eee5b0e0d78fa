#include "store/rows.h"

#include "store/image.h"
#include "store/lookups.h"
#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

class Rows : public StoreTest {
 protected:
  template <class T>
  T stored_only() {  // the one row of a table
    std::vector<T> rows;
    const auto result = store_->read([&rows](Read& read) {
      return for_each<T>(read, [&rows](T row) -> Result<void> {
        rows.push_back(std::move(row));
        return {};
      });
    });
    EXPECT_TRUE(result) << (result ? "" : result.error().detail);
    EXPECT_EQ(rows.size(), 1U) << T::kTable;
    return rows.empty() ? T{} : rows.front();
  }

  void round_trip_all(bool large) {
    for_each_row_type([&]<class T>(T) {
      T row = sample<T>(large);
      const auto done = write([&row](Tx& tx) { return insert(tx, row); });
      ASSERT_TRUE(done) << T::kTable << ": " << done.error().message << " " << done.error().detail;
      EXPECT_EQ(row.stamp.revision, done->revision);
      EXPECT_EQ(encode_image(stored_only<T>()), encode_image(row)) << T::kTable;
    });
  }
};

TEST_P(Rows, OfEveryTypeComeBackAsTheyWereAtTheirLargest) { round_trip_all(true); }
TEST_P(Rows, OfEveryTypeComeBackAsTheyWereAtTheirSmallest) { round_trip_all(false); }

TEST_P(Rows, OfEveryTypeCanBeUpdatedInTheirColumns) {
  round_trip_all(false);
  for_each_row_type([&]<class T>(T) {
    T row = stored_only<T>();
    row.stamp = {.created_at = from_millis(1),
                 .created_by = "one",
                 .updated_at = from_millis(2),
                 .updated_by = "two",
                 .revision = {}};
    if constexpr (requires { row.metadata; }) row.metadata.json = R"({"changed":true})";
    if constexpr (requires { row.tags; }) row.tags = {"new"};
    const auto done = write([&row](Tx& tx) { return update(tx, row); });
    ASSERT_TRUE(done) << T::kTable << ": " << done.error().detail;
    EXPECT_EQ(row.stamp.revision, done->revision);
    EXPECT_EQ(encode_image(stored_only<T>()), encode_image(row)) << T::kTable;
  });
}

TEST_P(Rows, AnswerNothingForAKeyThatIsNotThere) {
  const auto found = store_->read([](Read& read) { return find<User>(read, "nobody"); });
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST_P(Rows, AreFoundByCompositeKeys) {
  round_trip_all(true);
  const auto member = stored_only<RoleMember>();
  const auto found = store_->read([&](Read& read) {
    return find<RoleMember>(read, member.role, member.subject_kind, member.subject_id);
  });
  ASSERT_TRUE(found && found->has_value());
  EXPECT_EQ(encode_image(**found), encode_image(member));
}

TEST_P(Rows, AreSeenByTheWriteThatMadeThem) {
  const auto done = write([](Tx& tx) -> Result<void> {
    auto user = make_user("u1", "a@b");
    TRY(insert(tx, user));
    TRY(const auto found, select_one<User>(tx, lookup::kUserByEmail, "a@b"));
    EXPECT_TRUE(found && found->id == user.id);
    EXPECT_EQ(found->stamp.revision, tx.revision());
    return {};
  });
  EXPECT_TRUE(done);
}

TEST_P(Rows, CannotBeUpdatedOrErasedWhenTheyAreNotThere) {
  auto user = make_user("u1");
  EXPECT_EQ(write([&](Tx& tx) { return update(tx, user); }).error().reason, Reason("row.missing"));
  EXPECT_EQ(write([&](Tx& tx) { return erase(tx, user); }).error().reason, Reason("row.missing"));
  EXPECT_TRUE(whole_log().empty());
}

TEST_P(Rows, NeedAKey) {
  auto user = make_user("");
  EXPECT_EQ(write([&](Tx& tx) { return insert(tx, user); }).error().reason, Reason("row.no_key"));
}

TEST_P(Rows, TakeAsTextOnlyWhatEveryEngineCanHold) {
  using namespace std::string_view_literals;
  for (const auto text : {"a\0b"sv, "\0"sv, "\xFF"sv, "\xC0\x80"sv, "\xED\xA0\x80"sv, "cut \xE2\x82"sv}) {
    auto user = make_user("u1");
    user.name = text;
    const auto refused = write([&](Tx& tx) { return insert(tx, user); });
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_EQ(refused.error().reason, Reason("row.text"));
    Setting setting;
    setting.name = "s";
    setting.value.bytes = text;
    EXPECT_TRUE(write([&](Tx& tx) { return insert(tx, setting); }));
    EXPECT_EQ(stored_only<Setting>().value.bytes, text);
    EXPECT_TRUE(write([&](Tx& tx) { return erase(tx, setting); }));
  }
}

TEST_P(Rows, OfManyPagesAreWalkedInOrder) {
  constexpr int kRows = 1100;
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    for (int i = kRows; i > 0; --i) {
      auto user = make_user(fmt::format("u{:05}", i));
      TRY(insert(tx, user));
    }
    return {};
  }));
  int next = 1;
  ASSERT_TRUE(store_->read([&](Read& read) {
    return for_each<User>(read, [&](User user) -> Result<void> {
      EXPECT_EQ(user.id.str(), fmt::format("u{:05}", next++));
      return {};
    });
  }));
  EXPECT_EQ(next, kRows + 1);
  EXPECT_EQ(rows_of<User>(), kRows);
}

TEST_P(Rows, WalkEndsWithTheErrorOfItsFunction) {
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    auto one = make_user("u1"), two = make_user("u2");
    TRY(insert(tx, one));
    return insert(tx, two);
  }));
  int calls = 0;
  const auto result = store_->read([&](Read& read) {
    return for_each<User>(read, [&](User) -> Result<void> {
      ++calls;
      return fail(Code::conflict, "test.enough", "Enough.");
    });
  });
  EXPECT_EQ(result.error().reason, Reason("test.enough"));
  EXPECT_EQ(calls, 1);
}

TEST_P(Rows, GrantsOfARoleFollowItsUpdates) {
  Role role;
  role.id = RoleId::trusted("r1");
  role.name = "operator";
  role.grants = {{.kind = "channel", .object = "c1", .action = "publish"},
                 {.kind = "channel", .object = "", .action = "*", .effect = Effect::deny}};
  ASSERT_TRUE(write([&](Tx& tx) { return insert(tx, role); }));
  EXPECT_EQ(stored_only<Role>().grants.size(), 2U);
  role.grants = {{.kind = "client", .object = "", .action = "read"}};
  ASSERT_TRUE(write([&](Tx& tx) { return update(tx, role); }));
  const auto stored = stored_only<Role>();
  ASSERT_EQ(stored.grants.size(), 1U);
  EXPECT_EQ(stored.grants[0].kind, "client");
  ASSERT_TRUE(write([&](Tx& tx) { return erase(tx, role); }));
  EXPECT_EQ(rows_of<Role>(), 0);
}

Result<void> put_domain(Tx& tx, std::string id, std::string route = {}) {
  Domain domain;
  domain.id = DomainId::trusted(std::move(id));
  domain.route = std::move(route);
  return insert(tx, domain);
}
Result<void> put_channel(Tx& tx, std::string id, std::string domain, std::string route) {
  Channel channel;
  channel.id = ChannelId::trusted(std::move(id));
  channel.domain = DomainId::trusted(std::move(domain));
  channel.route = std::move(route);
  return insert(tx, channel);
}
Result<void> put_role(Tx& tx, std::string id, std::string scope, std::string name) {
  Role role;
  role.id = RoleId::trusted(std::move(id));
  role.scope_kind = "domain";
  role.scope_id = std::move(scope);
  role.name = std::move(name);
  return insert(tx, role);
}
Result<void> put_user(Tx& tx, std::string id, std::string email, std::string username) {
  auto user = make_user(id, email);
  user.username = std::move(username);
  return insert(tx, user);
}

TEST_P(Rows, AreUniqueWhereTheyMustBe) {
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    TRY(put_domain(tx, "d1", "mill"));
    TRY(put_domain(tx, "d2"));
    TRY(put_domain(tx, "d3"));  // no route is not a route
    TRY(put_channel(tx, "c1", "d1", "press"));
    TRY(put_channel(tx, "c2", "d1", ""));
    TRY(put_channel(tx, "c3", "d1", ""));
    TRY(put_channel(tx, "c4", "d2", "press"));
    TRY(put_role(tx, "r1", "d1", "owner"));
    TRY(put_role(tx, "r2", "d2", "owner"));
    TRY(put_user(tx, "u1", "a@b", "anna"));
    TRY(put_user(tx, "u2", "", ""));
    return put_user(tx, "u3", "", "");
  }));
  const std::vector<Body> clashes = {
      [](Tx& tx) { return put_domain(tx, "d1"); },
      [](Tx& tx) { return put_domain(tx, "d9", "mill"); },
      [](Tx& tx) { return put_channel(tx, "c9", "d1", "press"); },
      [](Tx& tx) { return put_role(tx, "r9", "d1", "owner"); },
      [](Tx& tx) { return put_user(tx, "u9", "a@b", ""); },
      [](Tx& tx) { return put_user(tx, "u9", "", "anna"); },
  };
  for (const auto& clash : clashes) {
    const auto result = write(clash);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::conflict);
    EXPECT_EQ(result.error().reason, Reason("row.exists"));
  }
  EXPECT_EQ(whole_log().size(), 1U);
}

TEST_P(Rows, CannotReferToWhatIsNotThereNorLeaveReferencesBehind) {
  const auto orphan = write([](Tx& tx) { return put_channel(tx, "c1", "nowhere", ""); });
  EXPECT_EQ(orphan.error().reason, Reason("row.reference"));
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    TRY(put_domain(tx, "d1"));
    return put_channel(tx, "c1", "d1", "");
  }));
  Domain domain;
  domain.id = DomainId::trusted("d1");
  EXPECT_EQ(write([&](Tx& tx) { return erase(tx, domain); }).error().reason, Reason("row.reference"));
}

INSTANTIATE_TEST_SUITE_P(Engines, Rows, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
