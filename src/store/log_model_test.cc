// The protocol of the log, in every state that a small model of it can come into (testing/log_model.h).
#include "store/testing/log_model.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "store/testing/explorer.h"

namespace allauth::store::testing {
namespace {

using Kind = Scope::Kind;

// More than any of them has.
constexpr std::size_t kMostStates = 1'000'000;

Explored explore(const Scope& scope) {
  LogModel model(scope);
  return Explorer(model, kMostStates).run();
}

std::string way(const Explored& explored) {
  std::string text;
  for (const auto& step : explored.trace) text += "\n  " + step;
  return text;
}

struct Case {
  std::string name;
  Scope scope;
};

// Every one is small enough to be looked at completely, and together they have all that can happen. A
// right that a write on one node needs is taken away on another one.
std::vector<Case> cases() {
  const std::vector<Scope::Write> rights = {{0}, {0, Kind::revokes}, {1, Kind::needs_right}};
  const std::vector<Scope::Write> plain = {{0}, {1}};
  return {{"a crash", {.writes = rights, .crashes = 1}},
          {"compaction", {.writes = rights, .compactions = 1}},
          {"a synchronous standby", {.writes = rights, .failovers = 1, .synchronous = true}},
          {"a fail-over", {.writes = rights, .failovers = 1}},
          {"two fail-overs", {.writes = plain, .failovers = 2}},
          {"a fail-over and compaction", {.writes = plain, .failovers = 1, .compactions = 1}},
          {"a restore", {.writes = plain, .restores = 1, .compactions = 1}},
          {"an onlooker", {.nodes = 3, .writes = plain, .failovers = 1}}};
}

// The same with more of everything: some minutes.
std::vector<Case> larger_cases() {
  const std::vector<Scope::Write> rights = {{0}, {0, Kind::revokes}, {1, Kind::needs_right}, {1}};
  const std::vector<Scope::Write> plain = {{0}, {1}, {0}};
  return {{"crashes", {.writes = rights, .crashes = 2}},
          {"compactions", {.writes = rights, .compactions = 2}},
          {"a synchronous standby", {.writes = rights, .failovers = 1, .synchronous = true}},
          {"a fail-over", {.writes = rights, .failovers = 1}},
          {"a fail-over and a crash", {.writes = plain, .failovers = 1, .crashes = 1}},
          {"two fail-overs and compaction", {.writes = plain, .failovers = 2, .compactions = 1}},
          {"a restore and compaction", {.writes = plain, .restores = 1, .compactions = 1}},
          {"an onlooker", {.nodes = 3, .writes = plain, .failovers = 1, .compactions = 1}}};
}

TEST(LogModel, HoldsInEveryState) {
  const bool thorough = std::getenv("ALLAUTH_EXPLORE") != nullptr;
  std::size_t states = 0, steps = 0;
  for (const auto& [name, scope] : thorough ? larger_cases() : cases()) {
    const auto explored = explore(scope);
    EXPECT_TRUE(explored.complete) << name << ": " << explored.violation << way(explored);
    states += explored.states;
    steps += explored.steps;
  }
  fmt::print("{} states, {} steps between them\n", states, steps);
  EXPECT_GT(states, 10'000U) << "the model is not about anything";
}

// What is broken, the least that shows it, and what is seen of it.
struct Broken {
  bool BrokenProtocol::* how;
  std::string name, violation;
  Scope scope;
};

std::vector<Broken> broken_protocols() {
  using P = BrokenProtocol;
  const std::vector<Scope::Write> rights = {{0, Kind::revokes}, {1, Kind::needs_right}};
  const std::vector<Scope::Write> rights_in_one_queue = {{0, Kind::revokes}, {0, Kind::needs_right}};
  const Scope plain{.writes = {{0}, {1}}};
  const Scope compacted{.writes = {{0}, {0}}, .compactions = 1};
  const Scope replaced{.writes = {{0}, {1}}, .failovers = 1};
  const Scope overtaken{.writes = {{0}, {1}, {1}}, .failovers = 1};
  const Scope synchronous{.writes = {{0}}, .failovers = 1, .synchronous = true};
  const std::string less = "who asks for at least a revision is answered with less";
  const std::string not_the_state = "what a node shows is not the state at its revision";
  const std::string no_right = "a write is there whose right was taken away before";
  return {
      {&P::tags_all_equal, "tags_all_equal", "a node does not come to the state by itself", replaced},
      {&P::compacted_one_less, "compacted_one_less", less, compacted},
      {&P::compacted_untold, "compacted_untold", less, compacted},
      {&P::compacted_always, "compacted_always", "what was lost is not told as such", overtaken},
      {&P::lock_shows_old_head, "lock_shows_old_head", "an entry does not continue the log", plain},
      {&P::tells_doubt_as_failure, "tells_doubt_as_failure", "a write is there that was refused", plain},
      {&P::answers_before_commit, "answers_before_commit", "an acknowledged write is lost", plain},
      {&P::runs_doubts_again, "runs_doubts_again", "a write is there twice", plain},
      {&P::rechecks_in_any_batch, "rechecks_in_any_batch", no_right, {.writes = rights_in_one_queue}},
      {&P::told_after_the_batch, "told_after_the_batch", no_right, {.writes = rights}},
      {&P::loads_another_state, "loads_another_state", not_the_state, {.writes = {{0}}, .crashes = 1}},
      {&P::loads_at_every_look, "loads_at_every_look", "a node goes back without a word", replaced},
      {&P::contact_without_a_look, "contact_without_a_look", "a node takes itself for up to date and is not",
       plain},
      {&P::own_batches_do_not_count, "own_batches_do_not_count", "a node misses an entry, or has it twice",
       plain},
      {&P::never_polls, "never_polls", "a node does not come to the state by itself", plain},
      {&P::standby_is_not_waited_for, "standby_is_not_waited_for", "an acknowledged write is lost",
       synchronous},
  };
}

// Without this the other test might see nothing at all.
TEST(LogModel, FindsWhatIsBroken) {
  for (auto& [how, name, violation, scope] : broken_protocols()) {
    const auto whole = explore(scope);
    EXPECT_TRUE(whole.complete) << name << " is not what is wrong: " << whole.violation << way(whole);
    auto broken = scope;
    broken.broken.*how = true;
    const auto explored = explore(broken);
    EXPECT_EQ(explored.violation, violation) << name << way(explored);
  }
}

}  // namespace
}  // namespace allauth::store::testing
