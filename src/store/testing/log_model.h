// For tests: a small model of nodes on one database, for the explorer to look at every state of. The
// protocol in it is not told again: each step runs the program's own Batch, LogTail, compact_some() and
// what is below them, on a database that is a value.
//
// What the model adds is what happens to them: in which order nodes take their turns, how a commit ends, a
// node that dies, a standby that has not got the last commits, a backup restored, compaction, a state that
// cannot be loaded. Hints need no step of their own: a poll may come at any time, or not at all. A
// transaction is one step, since all that write take the lock of the log first and a reader sees one
// state; the contract tests show on the real engines that it is so.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/log_tail.h"
#include "store/probe.h"
#include "store/testing/model_session.h"

namespace allauth::store::testing {

inline constexpr int kMostNodes = 3;

// Ways in which the protocol around the database may be broken; each has to be found.
struct BrokenProtocol : BrokenDatabase {
  bool tags_all_equal = false;         // two histories cannot be told apart
  bool answers_before_commit = false;  // a write is answered before its batch is stored
  bool runs_doubts_again = false;      // a batch of which nothing is known is run again
  bool rechecks_in_any_batch = false;  // a write is checked while the batch has taken rights away
  bool told_after_the_batch = false;   // followers hear only after it of what a batch found in the log
  bool loads_another_state = false;    // the state that is loaded is not that of the head
  bool loads_at_every_look = false;    // no node looks whether it can go on from where it is
  bool contact_without_a_look = false;
  bool own_batches_do_not_count = false;  // a node does not remember that it was told of them
  bool never_polls = false;               // who writes nothing hears nothing
  bool standby_is_not_waited_for = false;
};

// What is in a model and how much may happen to it.
struct Scope {
  enum class Kind : Num { plain, revokes, needs_right };
  struct Write {
    Num node;
    Kind kind = Kind::plain;
  };
  Num nodes = 2;
  std::vector<Write> writes;  // each queued at its node from the beginning, in this order
  Num failovers = 0, restores = 0, compactions = 0, crashes = 0;
  bool synchronous = false;  // a commit is answered when the standby has it too
  BrokenProtocol broken{};
};

class LogModel {
 public:
  enum class Answer : Num { none, stored, refused, unknown };
  enum class Phase : Num { down, opened, following };

  struct Node {
    Phase phase = Phase::down;
    bool adrift = false;
    bool owes_alarm = false;  // it has shown what is lost, and has not said so
    bool misled = false;      // it was told that it knows all, and did not
    Place at;                 // where it follows from
    Num revision = 0;         // that it shows, and below, what it shows at that
    Num shown = 0;
    std::array<Num, kMostWrites> writes{};
  };
  struct State {
    History database, standby;
    std::array<Node, kMostNodes> nodes{};
    std::array<Answer, kMostWrites> answers{};
    std::array<Num, kMostWrites> revisions{};                       // that were answered
    std::array<bool, kMostWrites> lost{};                           // with the history that had it
    Num failovers = 0, restores = 0, compactions = 0, crashes = 0;  // that may still come
  };
  struct Step {
    enum class Kind : Num {
      poll,
      poll_without_load,
      open,
      join,
      die,
      batch,
      replicate,
      fail_over,
      restore,
      compact
    };
    Kind kind{};
    Num node = 0;
    Num count = 0;             // of writes, or entries
    bool first_fails = false;  // the first write of the batch is refused by itself
    End end = End::stored;
  };

  explicit LogModel(Scope scope) : scope_(std::move(scope)) {}

  State initial() const;
  std::vector<Step> enabled(const State&) const;
  std::string take(State&, const Step&);
  std::string check(const State&);
  static std::string key(const State&);
  static std::string text(const Step&);

 private:
  class Turn;
  static void add_life(const State&, Num node, std::vector<Step>&);
  void add_batches(const State&, Num node, std::vector<Step>&) const;
  void add_mishaps(const State&, std::vector<Step>&) const;
  std::vector<Num> queue_of(const State&, Num node) const;
  std::string compact(State&, Num upto) const;
  void replace_history(State&, bool restored) const;
  std::string check_writes(const State&) const;
  std::string check_nodes(const State&) const;
  std::string check_end(State);
  std::uint64_t alarms(std::string_view cause) const;

  const Scope scope_;
  ManualClock clock_;
  Log log_{clock_, LogLevel::error, LogFormat::human, -1};
  Metrics metrics_;
  Probe probe_{metrics_, clock_};
};

}  // namespace allauth::store::testing
