#include "store/channel_topics.h"
#include "store/kept_answers.h"
#include "store/lists.h"
#include "store/lookups.h"
#include "store/relationships.h"
#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

class ReaderContract : public StoreTest {
 protected:
  Result<Committed<Done>> put(const std::string& id) {
    return write([id](Tx& tx) {
      auto user = make_user(id);
      return insert(tx, user);
    });
  }
};

TEST_P(ReaderContract, SeesOneStateFromBeginningToEnd) {
  ASSERT_TRUE(put("u1"));
  ASSERT_TRUE(store_->read([this](Read& read) -> Result<void> {
    EXPECT_EQ(read.revision(), Revision{1});
    TRY(const auto before, count<User>(read));
    TRY(put("u2"));  // commits while this read goes on
    TRY(const auto after, count<User>(read));
    EXPECT_EQ(before, 1);
    EXPECT_EQ(after, 1);
    return {};
  }));
  EXPECT_EQ(rows_of<User>(), 2);
  EXPECT_EQ(store_->revision(), Revision{2});
}

TEST_P(ReaderContract, CannotWrite) {
  constexpr sql::Statement kWipe("test.wipe", "DELETE FROM users");
  constexpr sql::Statement kHidden(
      "test.hidden", "WITH x AS (SELECT 1) UPDATE log_head SET revision = 99 WHERE id IN (SELECT 1 FROM x)");
  const auto ignore = [](const sql::Row&) -> Result<void> { return {}; };
  ASSERT_TRUE(put("u1"));
  const auto wiped = store_->read([&](Read& read) { return read.query(kWipe, {}, ignore); });
  EXPECT_EQ(wiped.error().code, Code::bug);
  EXPECT_FALSE(store_->read([&](Read& read) { return read.query(kHidden, {}, ignore); }));
  EXPECT_EQ(rows_of<User>(), 1);
  EXPECT_EQ(store_->revision(), Revision{1});
}

TEST_P(ReaderContract, IsToldWhenNoReaderIsFree) {
  auto limited = options();
  limited.readers = 1;
  limited.read_wait = Millis(1);
  open(std::move(limited));
  const auto inner = store_->read([this](Read&) -> Result<void> {
    TRY(store_->revision());
    return {};
  });
  EXPECT_EQ(inner.error().code, Code::exhausted);
  EXPECT_EQ(inner.error().reason, Reason("store.busy"));
  EXPECT_TRUE(store_->revision()) << "the reader has come back";
}

TEST_P(ReaderContract, GivesItsSessionBackWhenTheFunctionThrows) {
  auto limited = options();
  limited.readers = 1;
  limited.read_wait = Millis(1);
  open(std::move(limited));
  EXPECT_THROW((void)store_->read([](Read&) -> Result<void> { throw std::runtime_error("oops"); }),
               std::runtime_error);
  EXPECT_TRUE(store_->revision());
}

TEST_P(ReaderContract, ReadsTheLogInPieces) {
  for (int i = 1; i <= 7; ++i) ASSERT_TRUE(put(fmt::format("u{}", i)));
  const auto log = whole_log();
  const auto piece = store_->read_log(cursor_after(log.at(1)), 3);
  ASSERT_TRUE(piece);
  ASSERT_EQ(piece->size(), 3U);
  EXPECT_EQ(piece->front().revision, Revision{3});
  EXPECT_EQ(piece->back().images.at(0).key, "u5");
  EXPECT_TRUE(store_->read_log(cursor_after(log.back()), 3)->empty());
}

TEST_P(ReaderContract, RunsAStatementWithinItsOwnRows) {
  for (const char* id : {"u1", "u2", "u3"}) ASSERT_TRUE(put(id));
  constexpr sql::Statement kAll("test.all", "SELECT {columns} FROM users ORDER BY id");
  int inner = 0;
  ASSERT_TRUE(store_->read([&](Read& read) -> Result<void> {
    return read.query(kAll.with_columns(columns<User>()), {}, [&](const sql::Row&) -> Result<void> {
      return read.query(kAll.with_columns(columns<User>()), {}, [&](const sql::Row&) -> Result<void> {
        ++inner;
        return {};
      });
    });
  }));
  EXPECT_EQ(inner, 9);
}

// Statements that the server runs all the time must find their rows by an index.
TEST_P(ReaderContract, NoHotStatementScansATable) {
  std::vector<sql::Statement> hot = {
      lookup::kUserByEmail.with_columns(columns<User>()),
      lookup::kUserByUsername.with_columns(columns<User>()),
      lookup::kDomainByRoute.with_columns(columns<Domain>()),
      lookup::kChannelByRoute.with_columns(columns<Channel>()),
      lookup::kRoleByName.with_columns(columns<Role>()),
      lookup::kClientsOfDomain.with_columns(columns<Client>()),
      lookup::kChannelsOfDomain.with_columns(columns<Channel>()),
      lookup::kConnectionsOfClient.with_columns(columns<Connection>()),
      lookup::kConnectionsOfChannel.with_columns(columns<Connection>()),
      lookup::kConnectionsOfGroup.with_columns(columns<GroupConnection>()),
      lookup::kGroupConnectionsOfChannel.with_columns(columns<GroupConnection>()),
      lookup::kRolesOfScope.with_columns(columns<Role>()),
      lookup::kRolesGrantingOn.with_columns(columns<Role>()),
      lookup::kMembersOfRole.with_columns(columns<RoleMember>()),
      lookup::kMembershipsOfSubject.with_columns(columns<RoleMember>()),
      lookup::kCredentialsOfOwner.with_columns(columns<Credential>()),
      lookup::kSessionsOfUser.with_columns(columns<Session>()),
      lookup::kDomainsOfMember.with_columns(columns<Domain>()),
      lookup::kMembershipInScope.with_columns(columns<RoleMember>()),
      lookup::kActiveSessionsOfUser.with_columns(columns<Session>()),
      lookup::kGroupByName.with_columns(columns<Group>()),
      lookup::kGroupsOfDomain.with_columns(columns<Group>()),
      lookup::kGroupsOfParent.with_columns(columns<Group>()),
      lookup::kClientsOfGroup.with_columns(columns<Client>()),
      lookup::kChannelsOfGroup.with_columns(columns<Channel>()),
      lookup::kExpiredMemberships.with_columns(columns<RoleMember>()),
      lookup::kRelationshipOfForm.with_columns(columns<Relationship>()),
      lookup::kRelationshipToEveryone.with_columns(columns<Relationship>()),
      lookup::kCountUsersOfRole,
      lookup::kCountOtherUsersOfRole,
      lookup::kCountContentOfDomain,
      lookup::kCountContentOfGroup,
      lookup::kLevelsBelowGroup,
  };
  for (const auto& statement : KeptAnswers::statements()) hot.push_back(statement);
  for_each_row_type([&hot]<class T>(T) {
    const Shape& shape = shape_of<T>();
    hot.insert(hot.end(), {shape.find, shape.page, shape.insert.one, shape.update, shape.erase});
    for (const auto& child : shape.children)
      hot.insert(hot.end(), {child.select, child.insert.one, child.erase});
  });
  for (const auto* list : all_lists()) {
    if (list->rule().few) continue;
    for (const auto& order : list->orders())
      hot.insert(hot.end(), order.statements.begin(), order.statements.end());
    if (!list->rule().where.empty()) hot.push_back(list->count());
  }
  for (const auto& statement : topic_statements()) hot.push_back(statement);
  for (const auto& statement : log_statements()) hot.push_back(statement);
  for (const auto& statement : retention_statements()) hot.push_back(statement);
  for (const auto& statement : node_statements()) hot.push_back(statement);
  for (const auto& statement : relationship_statements()) hot.push_back(statement);
  store_.reset();
  auto database = GetParam().open(folder_.path());
  ASSERT_TRUE(database);
  auto session = (*database)->connect(sql::Database::Access::read_write);
  ASSERT_TRUE(session);
  for (const auto& statement : hot) {
    auto scans = (*session)->table_scans(statement);
    ASSERT_TRUE(scans) << statement.text() << ": " << scans.error().detail;
    // What a recursive statement has found so far is no table, nor is a part that counting is limited to.
    std::erase_if(
        *scans, [](const std::string& step) { return step.ends_with(" below") || step.ends_with(" part"); });
    EXPECT_EQ(*scans, std::vector<std::string>{}) << statement.text();
  }
}

TEST_P(ReaderContract, TableScansAreFound) {
  constexpr sql::Statement kSlow[] = {
      {"test.scan", "SELECT id FROM users WHERE tags = $1"},
      {"test.whole", "SELECT id FROM users ORDER BY id"},
      {"test.sort", "SELECT id FROM clients WHERE domain_id = $1 ORDER BY tags"},
      {"test.change", "UPDATE users SET name = $1 WHERE tags = $2"},
  };
  store_.reset();
  auto database = GetParam().open(folder_.path());
  ASSERT_TRUE(database);
  auto session = (*database)->connect(sql::Database::Access::read_write);
  ASSERT_TRUE(session);
  for (const auto& statement : kSlow)
    EXPECT_FALSE((*session)->table_scans(statement)->empty()) << statement.text();
}

INSTANTIATE_TEST_SUITE_P(Engines, ReaderContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
