// What must hold of snapshots whatever is written: several nodes on one database, each with writers and a
// snapshot of its own, that get into each other's way.
#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "store/testing/nodes.h"
#include "store/testing/picture.h"

namespace allauth::store::testing {
namespace {

constexpr int kNodes = 3;
constexpr int kWriters = 3;  // on each node
constexpr int kWrites = 40;  // of each writer, refused ones among them
constexpr const char* kOwner = "owner";

// What was there at each revision, seen in some way.
using Album = std::map<Revision, std::string>;

class SnapshotProperties : public NodesTest {
 protected:
  // A node whose snapshot is looked at after each batch.
  struct Watched {
    std::unique_ptr<SnapshotHub> hub;
    Node* node = nullptr;
    std::mutex mutex;
    Album album;
    Revision newest{};
    bool gap = false;
  };

  StoreOptions options(Node& node) override {
    auto options = NodesTest::options(node);
    options.max_batch_writes = most_in_batch_;
    return options;
  }

  void watch_node() {
    auto& watched = *watched_.emplace_back(std::make_unique<Watched>());
    watched.node = &start();
    watched.hub = std::make_unique<SnapshotHub>(policy::core_schema(), clock_, log_, watched.node->metrics);
    ASSERT_TRUE(watched.hub->follow(*watched.node->store));
    ASSERT_TRUE(
        watched.node->store->follow({.load = [&watched](Read& read) -> Result<void> {
                                       watched.newest = read.revision();
                                       return {};
                                     },
                                     .applied = [&watched](const auto& batch) { look(watched, batch); }}));
  }

  static void look(Watched& watched, const AppliedBatch& batch) {
    std::lock_guard lock(watched.mutex);
    for (const auto& entry : batch.entries) {
      watched.gap |= to_number(entry.revision) != to_number(watched.newest) + 1;
      watched.newest = entry.revision;
    }
    const auto& snapshot = *watched.hub->view();
    watched.gap |= snapshot.revision() != watched.newest;
    watched.album[watched.newest] = picture(snapshot);
  }

  // The right to make guarded changes is that the owner is enabled.
  static bool may(const Snapshot& snapshot) { return snapshot.thing("user", kOwner).enabled(); }

  Result<Committed<Done>> write(Watched& watched, std::string slug, std::function<Result<void>(Tx&)> body) {
    const bool guarded = slug == "test.guarded";
    return watched.node->store->write<Done>(
        {.recheck = [&watched, guarded]() -> Result<void> {
           if (guarded && !may(*watched.hub->view())) return fail(Code::denied, "test.denied", "No.");
           return {};
         },
         .run = [slug = std::move(slug), body = std::move(body)](Tx& tx) -> Result<Done> {
           tx.act({.slug = slug});
           TRY(body(tx));
           return Done{};
         }});
  }

  static std::function<Result<void>(Tx&)> put_owner(Status status) {
    return [status](Tx& tx) -> Result<void> {
      User owner{.id = UserId::trusted(kOwner), .status = status};
      auto changed = update(tx, owner);
      if (changed || changed.error().reason != Reason("row.missing")) return changed;
      return insert(tx, owner);
    };
  }

  void write_for_a_while(Watched& watched, unsigned seed) {
    RandomWrites writes(seed);
    std::mt19937 random(seed);
    for (int i = 0; i < kWrites; ++i) {
      const auto what = random() % 8;
      Result<Committed<Done>> done = Committed<Done>{};
      if (what == 0)
        done =
            write(watched, "test.owner", put_owner(random() % 2 == 0 ? Status::enabled : Status::disabled));
      else
        done = write(watched, what < 4 ? "test.guarded" : "test.free", writes.next());
      if (done) {
        ++stored_;
        const std::lock_guard lock(acknowledged_mutex_);
        EXPECT_TRUE(acknowledged_.insert(done->revision).second) << "a revision was given twice";
        EXPECT_GE(watched.hub->view()->revision(), done->revision)
            << "whoever has the answer sees the change";
      }
      denied_ += !done && done.error().reason == Reason("test.denied");
      if (!done) EXPECT_NE(done.error().code, Code::unavailable) << done.error().reason.slug();
    }
  }

  // The state as readers find it, again and again.
  void observe(Store& store, Album& album) {
    while (!done_) {
      Told told(clock_, log_, metrics_);
      if (told.load(store, Audience::node)) album[told.hub.view()->revision()] = picture(*told.hub.view());
    }
  }

  // What the log says that there was, entry by entry; and what must hold of each.
  Album replay(const std::vector<LogEntry>& log) {
    Album album;
    SnapshotHub hub(policy::core_schema(), clock_, log_, metrics_);
    std::map<std::string, std::string> emails;  // by user
    for (const auto& entry : log) {
      if (entry.act.slug == "test.guarded") EXPECT_TRUE(may(*hub.view())) << "written without the right";
      hub.apply({{entry}});
      EXPECT_TRUE(hub.healthy());
      album[entry.revision] = picture(*hub.view());
      for (const auto& image : entry.images) note_email(image, emails);
    }
    return album;
  }

  static void note_email(const Image& image, std::map<std::string, std::string>& emails) {
    if (image.kind != ImageKind::user) return;
    emails.erase(image.key);
    const auto email = image.bytes.empty() ? std::string() : decode_image<User>(image.bytes)->email;
    if (email.empty()) return;
    for (const auto& [user, taken] : emails) EXPECT_NE(taken, email) << user << " has it as well";
    emails[image.key] = email;
  }

  static void compare(const Album& album, const Album& truth, const std::string& whose) {
    for (const auto& [revision, seen] : album)
      if (revision != Revision{})
        EXPECT_EQ(seen, truth.at(revision)) << whose << " at " << to_number(revision);
  }

  void write_on_all() {
    std::vector<std::jthread> writers;
    for (int n = 0; n < kNodes * kWriters; ++n)
      writers.emplace_back([this, n] {
        write_for_a_while(*watched_[static_cast<std::size_t>(n % kNodes)], 100 + static_cast<unsigned>(n));
      });
  }

  void run() {
    for (int n = 0; n < kNodes; ++n) watch_node();
    ASSERT_TRUE(write(*watched_[0], "test.free", [](Tx& tx) {
      Domain d0{.id = DomainId::trusted("d0")};
      return insert(tx, d0);
    }));
    ++stored_;
    Album observed;
    std::jthread observer([&] { observe(*watched_[1]->node->store, observed); });
    write_on_all();
    done_ = true;
    observer.join();
    const auto log = watched_[0]->node->store->read_log(LogCursor{}, 100'000);
    ASSERT_TRUE(log) << log.error().message;
    EXPECT_EQ(log->size(), static_cast<std::size_t>(stored_.load())) << "each is there, and once";
    const Album truth = replay(*log);
    for (const auto& watched : watched_) check_node(*watched, truth);
    compare(observed, truth, "the state in the database");
    EXPECT_GT(observed.size(), 2U);
    EXPECT_GT(stored_, kNodes * kWriters * kWrites / 4);
    EXPECT_GT(denied_, 0);
  }

  void check_node(Watched& watched, const Album& truth) {
    const Revision end = truth.rbegin()->first;
    ASSERT_TRUE(watched.node->replica.wait_for(end));
    ASSERT_TRUE(watched.node->store->follow({}));  // whoever follows after the others has them all told
    std::lock_guard lock(watched.mutex);
    EXPECT_FALSE(watched.gap);
    EXPECT_EQ(watched.newest, end);
    compare(watched.album, truth, "a node's snapshot");
    for (const auto& [revision, _] : watched.album) seen_.insert(revision);
  }

  std::size_t most_in_batch_ = 256;
  std::vector<std::unique_ptr<Watched>> watched_;
  Metrics metrics_;
  std::atomic<bool> done_ = false;
  std::atomic<int> stored_ = 0, denied_ = 0;
  std::mutex acknowledged_mutex_;
  std::set<Revision> acknowledged_;
  std::set<Revision> seen_;  // by any node
};

// Each revision was the newest one on the node that wrote it.
TEST_P(SnapshotProperties, AreTheStateAtEveryRevisionOnEveryNode) {
  most_in_batch_ = 1;
  run();
  EXPECT_EQ(seen_.size(), static_cast<std::size_t>(stored_.load()));
}

TEST_P(SnapshotProperties, AreTheStateAfterEveryBatchOnEveryNode) {
  run();
  EXPECT_GT(seen_.size(), 10U);
}

INSTANTIATE_TEST_SUITE_P(Engines, SnapshotProperties, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
