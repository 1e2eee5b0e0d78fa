// What must hold of the log whatever happens: many writers on several nodes, and faults all the time.
#include <random>

#include "store/testing/nodes.h"

namespace allauth::store::testing {
namespace {

constexpr int kNodes = 3;
constexpr int kWriters = 2;  // on each node
constexpr int kWrites = 60;  // of each writer that are stored
constexpr int kUsers = 8;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }

 private:
  std::mt19937 engine_;
};

// What was answered to each write, by its name.
struct Ledger {
  std::mutex mutex;
  std::map<std::string, Revision> acknowledged;
  std::set<std::string> refused;
  std::set<std::string> in_doubt;

  void note(const std::string& name, const Result<Committed<Done>>& answer) {
    std::lock_guard lock(mutex);
    if (answer)
      acknowledged[name] = answer->revision;
    else
      (answer.error().reason == Reason("store.in_doubt") ? in_doubt : refused).insert(name);
  }
};

class LogProperties : public NodesTest {
 protected:
  // Makes, changes or erases one of a few users, so that writes meet; some are refused.
  static Result<void> scribble(Tx& tx, int what, const std::string& id, const std::string& name) {
    auto user = make_user(id);
    user.name = name;
    switch (what) {
      case 0:
        return erase(tx, user);
      case 1:
        return fail(Code::conflict, "test.refused", "No.");
      default: {
        auto changed = update(tx, user);
        if (changed || changed.error().reason != Reason("row.missing")) return changed;
        return insert(tx, user);
      }
    }
  }

  void write_for_a_while(Node& node, int writer, unsigned seed) {
    Random random(seed);
    int stored = 0;
    for (int i = 0; stored < kWrites && i < 1000 * kWrites; ++i) {
      const std::string name = fmt::format("w{}.{}", writer, i);
      const std::string id = fmt::format("u{}", random.pick(kUsers));
      const int what = random.pick(6);
      const auto answer = node.write([=](Tx& tx) { return scribble(tx, what, id, name); }, name);
      ledger_.note(name, answer);
      stored += answer ? 1 : 0;
      if (!answer) std::this_thread::sleep_for(Millis(1));
    }
    EXPECT_EQ(stored, kWrites);
  }

  // Faults of every kind, one after another, until all writes are done.
  void torment(Random random) {
    const Error gone{Code::unavailable, "store.unreachable", "Gone."};
    const Error given_up{Code::unavailable, "store.serialization", "Given up."};
    const Error full{Code::unavailable, "store.full", "Full."};
    while (!done_) {
      Faults& faults = nodes_[static_cast<std::size_t>(random.pick(kNodes))]->faults;
      switch (random.pick(7)) {
        case 0:
          faults.plan(FaultPoint::after_commit, 1, gone);
          break;
        case 1:
          faults.plan(FaultPoint::commit, 1, full);
          break;
        case 2:
          faults.plan(FaultPoint::commit, 1, given_up);
          break;
        case 3:
          faults.plan(FaultPoint::run, 1 + random.pick(4), given_up, "users");
          break;
        case 4:
          faults.plan(FaultPoint::run, 1, full, "log.insert_image");
          break;
        case 5:
          faults.plan(FaultPoint::begin, 1, gone);
          break;
        default:
          faults.cut();
          std::this_thread::sleep_for(Millis(random.pick(8)));
          faults.mend();
      }
      std::this_thread::sleep_for(Millis(random.pick(20)));
    }
    for (const auto& node : nodes_) node->faults.forget();
  }

  // The state as readers find it, again and again.
  void observe(Node& node) {
    while (!done_) {
      const auto seen = node.store->read([](Read& read) -> Result<std::pair<Revision, std::size_t>> {
        TRY(const auto rows, Replica::read_rows(read));
        return std::pair{read.revision(), Replica::digest(rows)};
      });
      if (seen) observed_.insert(*seen);
    }
  }

  void run(unsigned seed) {
    std::vector<std::jthread> writers;
    std::jthread tormentor([this, seed] { torment(Random(seed * 31)); });
    std::jthread observer([this] { observe(*nodes_.front()); });
    for (int n = 0; n < kNodes * kWriters; ++n)
      writers.emplace_back([this, n, seed] {
        write_for_a_while(*nodes_[static_cast<std::size_t>(n % kNodes)], n,
                          seed * 1000 + static_cast<unsigned>(n));
      });
    writers.clear();
    done_ = true;
  }

  void check_log(const std::vector<LogEntry>& log) {
    std::map<std::string, Revision> found;
    for (std::size_t i = 0; i < log.size(); ++i) {
      EXPECT_EQ(log[i].revision, Revision{i + 1}) << "the log is dense";
      EXPECT_NE(log[i].tag, 0U);
      EXPECT_TRUE(found.emplace(log[i].act.target_id, log[i].revision).second) << "a write is there twice";
    }
    for (const auto& [name, revision] : ledger_.acknowledged) {
      ASSERT_TRUE(found.contains(name)) << "an acknowledged write is lost";
      EXPECT_EQ(found[name], revision);
    }
    for (const auto& name : ledger_.refused) EXPECT_FALSE(found.contains(name)) << "a refused write is there";
    EXPECT_LE(log.size(), ledger_.acknowledged.size() + ledger_.in_doubt.size());
  }

  void check_nodes(const std::vector<LogEntry>& log) {
    const Revision end = log.back().revision;
    for (const auto& node : nodes_) {
      ASSERT_TRUE(node->replica.wait_for(end)) << "a node stays behind";
      EXPECT_EQ(node->replica.gaps, std::vector<std::string>());
      EXPECT_EQ(node->replica.loads, 1) << "the log was enough";
      EXPECT_EQ(node->replica.entries, log) << "each entry once, as it was written";
      EXPECT_EQ(node->replica.history, nodes_.front()->replica.history);
    }
    for (const auto& [revision, digest] : observed_)
      EXPECT_EQ(nodes_.front()->replica.history.at(revision), digest)
          << "what followed the log is not the state at " << to_number(revision);
    EXPECT_GT(observed_.size(), 5U);
  }

  Ledger ledger_;
  std::atomic<bool> done_ = false;
  std::set<std::pair<Revision, std::size_t>> observed_;
};

TEST_P(LogProperties, HoldForManyWritersOnSeveralNodesUnderFaults) {
  for (int n = 0; n < kNodes; ++n) start();
  run(1);
  const auto log = nodes_.front()->store->read_log(LogCursor{}, 100'000);
  ASSERT_TRUE(log) << log.error().message;
  ASSERT_FALSE(log->empty());
  check_log(*log);
  check_nodes(*log);
}

INSTANTIATE_TEST_SUITE_P(Engines, LogProperties, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
