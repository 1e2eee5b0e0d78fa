// The store: one database, one writer thread that commits queued writes in batches, a pool of readers.
//
// A write is answered after its batch is on disk and after everyone who follows has seen it, so whoever
// has the answer finds the change in the in-memory snapshot as well. Other processes may write to the same
// database, each with a store of its own; what they write arrives here within poll_interval, and before
// the next write of this one is checked. While the database cannot be reached, or the log had to be given
// up for the state, writes are refused at once and the store tries again by itself. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/log_follower.h"
#include "store/migrate.h"
#include "store/node_list.h"
#include "store/queued_write.h"
#include "store/retention.h"
#include "store/sql/open.h"
#include "store/sql/session.h"
#include "store/write.h"

namespace allauth::store {

// Whether opening a store may change the schema. Where other programs share the database, an operator
// decides when it is changed.
enum class Migrating : std::uint8_t { when_opened, unless_shared, never };

struct StoreOptions {
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Metrics& metrics;
  std::string location{};  // a file or a URL (sql/open.h); tables are made if there are none
  sql::DatabaseOptions database{};
  std::size_t readers = 4;
  std::size_t max_queued_writes = 4096;
  std::size_t max_batch_writes = 256;     // writes in one commit
  std::size_t max_batch_images = 20'000;  // a batch beyond it is committed before the next write
  Millis read_wait{2000};                 // the longest wait for a free reader
  // How often the log is looked at for what others wrote, where they can write to it too.
  Millis poll_interval{200};
  // How long the log keeps what. Nothing: leave that to others, as a command does that works on the
  // database only for a while.
  std::optional<Retention> retention{};
  Millis slow_statement{0};  // one that takes so long is logged; 0: none
  Amounts quotas{};          // of domains that have none of their own; all without limit
  // What a node of several says of itself; with retention only.
  std::optional<NodeIdentity> node{};
  Migrating migrating = Migrating::when_opened;
  std::span<const Migration> migrations = store::migrations();  // what this program knows
};

class Store {
 public:
  // Opens and, if needed and allowed, migrates. Errors: those of sql/open.h and store/migrate.h;
  // unavailable store.restore.unfinished.
  static Result<std::unique_ptr<Store>> open(StoreOptions);
  // The same over any engine; options.location is not looked at.
  static Result<std::unique_ptr<Store>> open(StoreOptions, std::unique_ptr<sql::Database>);
  ~Store();  // close()

  // Queues a write and returns. `done` is called once: on the writer thread after the commit, or at
  // once on this thread with exhausted store.busy (queue full) or unavailable store.closed. It must
  // not block, throw or call write(). Errors of writes: their own; conflict row.*; unavailable
  // store.* when the batch could not be committed: nothing of it is visible, but after store.in_doubt
  // it may be there all the same; bug write.*.
  template <class T>
  void submit(Write<T> write, std::move_only_function<void(Result<Committed<T>>)> done);

  // submit() and wait, for the command line and tests; never on the writer or an I/O thread.
  template <class T>
  Result<Committed<T>> write(Write<T> write);

  // fn(Read&) -> Result<X> in a read transaction on a pooled session. Waits for a free one for at
  // most options.read_wait, then exhausted store.busy. Do not nest.
  template <class Fn>
  auto read(Fn&& fn) -> std::invoke_result_t<Fn, Read&>;

  // Adds one who follows the log: returns when it has loaded the state, or why it could not. Whatever it
  // refers to must outlive the store, or its close(). Not from the writer thread.
  Result<void> follow(LogFollower);
  // True if other processes can write to the database as well.
  bool shared() const;
  // Looks at the log for what others wrote now instead of at the next interval.
  void hint();
  // The same, unless this revision is known here; true if it was not.
  bool hint(Revision said);

  Result<Revision> revision();
  // At most `limit` entries after `from`, oldest first; errors are those of read_entries().
  Result<std::vector<LogEntry>> read_log(const LogCursor& from, std::size_t limit);

  // Takes no more writes, finishes those queued, ends the writer. Not from the writer thread.
  void close();

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl>);
  void enqueue(QueuedWrite);
  Result<void> check_may_wait() const;
  Result<void> with_reader(const std::function<void(Read&)>& fn);

  std::unique_ptr<Impl> impl_;
};

template <class T>
void Store::submit(Write<T> write, std::move_only_function<void(Result<Committed<T>>)> done) {
  auto value = std::make_shared<std::optional<T>>();
  enqueue({.recheck = std::move(write.recheck),
           .run = [value, run = std::move(write.run)](Tx& tx) -> Result<void> {
             TRY(T made, run(tx));
             value->emplace(std::move(made));
             return {};
           },
           .complete =
               [value, done = std::move(done)](Result<Revision> revision) mutable {
                 if (!revision) return done(fail(std::move(revision).error()));
                 done(Committed<T>{std::move(**value), *revision});
               }});
}

template <class T>
Result<Committed<T>> Store::write(Write<T> write) {
  TRY(check_may_wait());
  std::promise<Result<Committed<T>>> promise;
  auto answer = promise.get_future();
  submit<T>(std::move(write),
            [&promise](Result<Committed<T>> result) { promise.set_value(std::move(result)); });
  return answer.get();
}

template <class Fn>
auto Store::read(Fn&& fn) -> std::invoke_result_t<Fn, Read&> {
  std::optional<std::invoke_result_t<Fn, Read&>> result;
  TRY(with_reader([&](Read& read) { result.emplace(fn(read)); }));
  return std::move(*result);
}

}  // namespace allauth::store
