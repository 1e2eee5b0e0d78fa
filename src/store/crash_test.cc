// The server is killed in the middle of its work, again and again: what it has answered must be there.
#include <csignal>
#include <cstdio>
#include <semaphore>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include "store/backup/log_rows.h"
#include "store/image.h"
#include "store/testing/contract.h"
#include "store/testing/crash_child.h"

namespace allauth::store::testing {
namespace {

constexpr int kOutstanding = 64;
constexpr int kRounds = 10;

// One line per answered write: "<revision> <slug> <user>". Short enough for the pipe to keep it whole.
void note(int ledger, Revision revision, std::string_view slug, const std::string& id) {
  const std::string line = fmt::format("{} {} {}\n", to_number(revision), slug, id);
  if (::write(ledger, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(3);
}

// Writes of all kinds, for ever: new users, changes, deletions, and some that fail.
Result<void> scribble(Tx& tx, int i, const std::string& id, std::string_view slug) {
  tx.act({.slug = std::string(slug), .target_kind = "user", .target_id = id});
  auto user = make_user(id, fmt::format("{}@example.org", id));
  TRY(insert(tx, user));
  if (slug == "user.kept") return {};
  user.name = fmt::format("changed {}", i);
  user.metadata.json = fmt::format(R"({{"pad":"{}"}})", std::string(static_cast<std::size_t>(i % 3000), 'p'));
  if (slug == "user.changed") return update(tx, user);
  if (slug == "user.gone") return erase(tx, user);
  return fail(Code::conflict, "test.refused", "No.");
}

struct Ledger {
  std::map<std::uint64_t, std::pair<std::string, std::string>> lines;  // revision: slug, user
};

// Runs the child until it has answered `enough` writes, then kills it and reads what is left.
void run_child(const std::string& location, int round, int enough, Ledger& ledger, int keep_images = 0) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string fd = std::to_string(ends[1]), number = std::to_string(round);
  const std::string keep = std::to_string(keep_images);
  const std::array<const char*, 7> arguments{
      program.c_str(), kCrashChildFlag, location.c_str(), number.c_str(), fd.c_str(), keep.c_str(), nullptr};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::execv(program.c_str(), const_cast<char* const*>(arguments.data()));
    _exit(4);
  }
  ::close(ends[1]);
  FILE* in = ::fdopen(ends[0], "r");
  std::array<char, 256> line{};
  int seen = 0;
  while (std::fgets(line.data(), line.size(), in)) {
    std::istringstream words(line.data());
    std::uint64_t revision = 0;
    std::string slug, id;
    ASSERT_TRUE(words >> revision >> slug >> id) << line.data();
    ASSERT_TRUE(ledger.lines.try_emplace(revision, slug, id).second) << "one revision, two writes";
    if (++seen == enough) ::kill(child, SIGKILL);
  }
  std::fclose(in);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

class CrashContract : public StoreTest {
 protected:
  void check(const Ledger& ledger) {
    const auto head = store_->revision();
    ASSERT_TRUE(head) << head.error().message;
    auto entries = store_->read_log(LogCursor{}, 100'000);
    ASSERT_TRUE(entries) << entries.error().message;  // read_log checks that it is dense
    ASSERT_EQ(entries->size(), to_number(*head));
    for (const auto& [revision, write] : ledger.lines) {
      ASSERT_LE(revision, entries->size()) << "an answered write is lost";
      const Act& act = (*entries)[revision - 1].act;
      EXPECT_EQ(act.slug, write.first);
      EXPECT_EQ(act.target_id, write.second);
    }
    check_rows(*entries);
  }

  // The rows are exactly what the log makes of them.
  void check_rows(const std::vector<LogEntry>& entries) {
    std::map<std::string, std::string> replayed;
    for (const auto& entry : entries) {
      for (const auto& image : entry.images) {
        replayed[image.key] = image.bytes;
        if (image.bytes.empty()) replayed.erase(image.key);
      }
    }
    std::map<std::string, std::string> stored;
    ASSERT_TRUE(store_->read([&](Read& read) {
      return for_each<User>(read, [&](const User& user) -> Result<void> {
        stored[user.id.str()] = encode_image(user);
        return {};
      });
    }));
    EXPECT_EQ(stored.size(), replayed.size());
    EXPECT_TRUE(stored == replayed);
  }

  // The same for a log that was being compacted: all acts are there, and the images from `compacted` on.
  void check_compacted(const Ledger& ledger, const LogHead& head) {
    std::map<std::uint64_t, Act> acts;
    ASSERT_TRUE(store_->read([&](Read& read) {
      return backup::read_acts(read, [&](LogEntry entry) -> Result<void> {
        acts[to_number(entry.revision)] = std::move(entry.act);
        return {};
      });
    }));
    EXPECT_EQ(acts.size(), to_number(head.newest.revision));
    for (const auto& [revision, write] : ledger.lines) {
      EXPECT_EQ(acts[revision].slug, write.first) << "an answered write is lost";
      EXPECT_EQ(acts[revision].target_id, write.second);
      const auto user =
          store_->read([&](Read& read) { return find<User>(read, UserId::trusted(write.second)); });
      ASSERT_TRUE(user);
      EXPECT_EQ(user->has_value(), write.first != "user.gone") << write.second;
    }
    const auto rest = store_->read_log(head.compacted, 100'000);
    ASSERT_TRUE(rest) << rest.error().message;
    EXPECT_EQ(rest->size(), to_number(head.newest.revision) - to_number(head.compacted.revision));
    for (const auto& entry : *rest) EXPECT_FALSE(entry.images.empty()) << to_number(entry.revision);
  }
};

TEST_P(CrashContract, NothingAnsweredIsLostWhenTheProcessIsKilled) {
  Ledger ledger;
  for (int round = 0; round < kRounds; ++round) {
    store_.reset();
    run_child(GetParam().location(folder_.path()), round, 20 + round * 37, ledger);
    if (HasFatalFailure()) return;
    open();
    if (HasFatalFailure()) return;
    check(ledger);
    if (HasFatalFailure()) return;
  }
}

TEST_P(CrashContract, NothingIsLostWhenItIsKilledWhileItDropsImages) {
  constexpr int kKeep = 20;
  Ledger ledger;
  Revision compacted{};
  for (int round = 0; round < kRounds || compacted == Revision{}; ++round) {
    ASSERT_LT(round, 10 * kRounds) << "nothing is ever dropped";
    store_.reset();
    run_child(GetParam().location(folder_.path()), round, 100 + round * 37, ledger, kKeep);
    if (HasFatalFailure()) return;
    open();
    if (HasFatalFailure()) return;
    const auto head = store_->read([](Read& read) { return read_head(read); });
    ASSERT_TRUE(head);
    EXPECT_GE(head->compacted.revision, compacted);
    compacted = head->compacted.revision;
    check_compacted(ledger, *head);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, CrashContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace

int run_crash_child(const std::string& location, int round, int ledger, int keep_images) {
  SystemClock clock;
  SystemEntropy entropy;
  Log log(clock, LogLevel::error, LogFormat::human);
  Metrics metrics;
  StoreOptions options{
      .clock = clock, .entropy = entropy, .log = log, .metrics = metrics, .location = location};
  if (keep_images > 0) options.retention = Retention{.images = Millis(keep_images)};
  auto store = Store::open(std::move(options));
  if (!store) return 5;
  std::counting_semaphore<kOutstanding> free(kOutstanding);
  constexpr std::array<std::string_view, 4> kSlugs{"user.kept", "user.changed", "user.gone", "user.refused"};
  for (int i = 0;; ++i) {
    free.acquire();
    const std::string id = fmt::format("r{}u{}", round, i);
    const auto slug = kSlugs[static_cast<std::size_t>(i) % kSlugs.size()];
    (*store)->submit<Done>({.recheck = {},
                            .run = [=](Tx& tx) -> Result<Done> {
                              TRY(scribble(tx, i, id, slug));
                              return Done{};
                            }},
                           [=, &free](Result<Committed<Done>> result) {
                             if (result) note(ledger, result->revision, slug, id);
                             free.release();
                           });
  }
}

}  // namespace allauth::store::testing
