// Who works on the database, and what may not be done while they do.
#include "store/node_list.h"

#include "store/testing/nodes.h"

namespace allauth::store::testing {
namespace {

NodeIdentity identity(std::string id) {
  return {.id = std::move(id), .name = "alpha:17", .version = "1.2", .roles = "api,gateway"};
}

std::vector<Migration> known_and(const Migration& next) {
  std::vector<Migration> all(migrations().begin(), migrations().end());
  all.push_back(next);
  return all;
}

class NodeListContract : public NodesTest {
 protected:
  void SetUp() override {
    NodesTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    start();  // makes the tables
    session_ = database_->connect(sql::Database::Access::read_write).value();
  }
  void TearDown() override {
    session_.reset();
    NodesTest::TearDown();
  }
  Node& start_as(const std::string& id) {
    return start_with([&](StoreOptions& options) {
      options.node = identity(id);
      options.retention = Retention{.images = Millis(1000)};  // reports ten times a second
    });
  }
  std::vector<ListedNode> nodes() { return list_nodes(*session_).value(); }
  void silence(const std::string& id, Millis time) {
    tamper({fmt::format("UPDATE nodes SET seen_at = seen_at - {} WHERE id = '{}'", time.count(), id)});
  }
  template <class Fn>
  static bool eventually(Fn holds) {
    for (int i = 0; i < 30'000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(Millis(1));
    }
    return false;
  }
  static int ours() { return static_cast<int>(migrations().size()); }
  // A step that only those can live with who know it.
  static Migration taking_away() {
    return {ours() + 1, ours() + 1, "DROP INDEX connections_domain;", Phase::contract};
  }
  Result<void> run(const std::vector<Migration>& known, bool force = false) {
    return migrate(*session_, known, clock_, entropy_, {.force = force});
  }
  int schema() { return read_schema(*session_, migrations()).value().applied; }

  std::unique_ptr<sql::Session> session_;
};

TEST_P(NodeListContract, HoldsTheNodesThatRun) {
  EXPECT_TRUE(nodes().empty()) << "whoever only works on the database for a while is no node";
  Node& one = start_as("n1");
  ASSERT_EQ(nodes().size(), 1U) << "from the beginning";
  EXPECT_EQ(nodes()[0].report.node, identity("n1"));
  EXPECT_EQ(nodes()[0].report.schema, ours());
  ASSERT_TRUE(one.put("u1"));
  ASSERT_TRUE(eventually([&] { return nodes()[0].report.revision == Revision{1}; }));
  silence("n1", std::chrono::minutes(5));
  ASSERT_TRUE(eventually([&] { return nodes()[0].silent < Seconds(60); })) << "it reports again and again";
  Node& two = start_as("n2");
  EXPECT_EQ(nodes().size(), 2U);
  one.store->close();
  ASSERT_EQ(nodes().size(), 1U);
  EXPECT_EQ(nodes()[0].report.node.id, "n2");
  two.store->close();
  EXPECT_TRUE(nodes().empty());
}

TEST_P(NodeListContract, ComesBackAfterAnOutage) {
  Node& one = start_as("n1");
  one.faults.cut();
  silence("n1", std::chrono::minutes(5));
  one.faults.mend();
  EXPECT_TRUE(eventually([&] { return nodes()[0].silent < Seconds(60); }));
}

TEST_P(NodeListContract, ForgetsWhoWasNotSeenForADay) {
  const NodeReport report{.node = identity("old"), .schema = 3, .revision = Revision{5}};
  ASSERT_TRUE(report_node(*session_, report));
  ASSERT_TRUE(report_node(*session_, report));
  ASSERT_EQ(nodes().size(), 1U) << "renewed, not doubled";
  EXPECT_EQ(nodes()[0].report, report);
  silence("old", std::chrono::hours(23));
  ASSERT_TRUE(report_node(*session_, {.node = identity("new")}));
  EXPECT_EQ(nodes().size(), 2U);
  silence("old", std::chrono::hours(2));
  ASSERT_TRUE(report_node(*session_, {.node = identity("new")}));
  ASSERT_EQ(nodes().size(), 1U);
  EXPECT_EQ(nodes()[0].report.node.id, "new");
}

TEST_P(NodeListContract, KeepsFromOlderNodesWhatTheyUse) {
  const auto known = known_and(taking_away());
  ASSERT_TRUE(report_node(*session_, {.node = identity("n1"), .schema = ours()}));
  const auto refused = run(known);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason("store.nodes.older"));
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_TRUE(refused.error().message.starts_with("The node alpha:17 (allauth 1.2)"))
      << refused.error().message;
  EXPECT_EQ(schema(), ours());
  silence("n1", kGoneAfter + Millis(1));
  EXPECT_TRUE(run(known));
  EXPECT_EQ(schema(), ours() + 1);
}

TEST_P(NodeListContract, DoesNotHinderWhatEverybodyCanLiveWith) {
  ASSERT_TRUE(report_node(*session_, {.node = identity("n1"), .schema = ours()}));
  EXPECT_TRUE(run(known_and({ours() + 1, 1, "CREATE TABLE more (id {{int}} NOT NULL PRIMARY KEY);"})));
}

TEST_P(NodeListContract, DoesNotHinderThoseWhoKnowBetter) {
  const auto known = known_and(taking_away());
  ASSERT_TRUE(report_node(*session_, {.node = identity("n1"), .schema = ours()}));
  ASSERT_TRUE(report_node(*session_, {.node = identity("n2"), .schema = ours() + 1}));
  EXPECT_FALSE(run(known));
  EXPECT_TRUE(run(known, true));
  EXPECT_EQ(schema(), ours() + 1);
}

TEST_P(NodeListContract, LetsANewNodeStartThatLeavesTheStepForLater) {
  start_as("n1");
  const auto known = known_and(taking_away());
  const auto start_newer = [&] {
    return start_with([&](StoreOptions& options) { options.migrations = known; }).store->revision();
  };
  EXPECT_TRUE(start_newer());
  EXPECT_EQ(schema(), ours());
  nodes_.clear();
  EXPECT_TRUE(start_newer());
  EXPECT_EQ(schema(), ours() + 1);
}

// Either the step sees the node, or the node sees the step.
TEST_P(NodeListContract, LetsNobodySlipInBesideAStep) {
  const auto enter = [](sql::Session& session, const std::string& id) {
    return enter_node(session, {.node = identity(id), .schema = ours()},
                      [&] { return require_migrated(session, migrations()); });
  };
  EXPECT_TRUE(enter(*session_, "n1"));
  ASSERT_TRUE(run(known_and(taking_away()), true));
  const auto late = enter(*session_, "n2");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, Reason("store.schema.too_new"));
  EXPECT_EQ(nodes().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, NodeListContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
