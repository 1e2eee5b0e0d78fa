#include "store/testing/log_model.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "store/batch.h"
#include "store/retention.h"
#include "store/rows.h"

namespace allauth::store::testing {
namespace {

LogCursor to_cursor(const Place& place) { return {Revision{place.revision}, place.tag}; }
Place to_place(const LogCursor& cursor) {
  return {static_cast<Num>(to_number(cursor.revision)), static_cast<Num>(cursor.tag)};
}

bool is_prefix(const LogModel::Node& node, const History& history) {
  return node.shown <= history.length &&
         std::equal(node.writes.begin(), node.writes.begin() + node.shown, history.writes.begin());
}

constexpr std::array kEnds{End::stored,     End::failed,   End::lost_before,
                           End::lost_after, End::given_up, End::stored_unseen};
bool stores_nothing(End end) { return end == End::failed || end == End::lost_before || end == End::given_up; }

bool shows(const LogModel::Node& node, Num write) {
  const auto end = node.writes.begin() + node.shown;
  return std::find(node.writes.begin(), end, write) != end;
}

// A tag that nobody knows, which is what a random one is.
Num fresh_tag(const LogModel::State& state) {
  Num highest = 0;
  for (const auto* history : {&state.database, &state.standby}) {
    for (const Num tag : history->tags) highest = std::max(highest, tag);
    highest = std::max(highest, history->compacted.tag);
  }
  for (const auto& node : state.nodes) highest = std::max(highest, node.at.tag);
  return static_cast<Num>(highest + 1);
}

}  // namespace

// One node's turn: its tail, brought to where the state says that it is, and what it does then.
class LogModel::Turn {
 public:
  Turn(LogModel& model, State& state, Num n)
      : model_(model),
        state_(state),
        n_(n),
        node_(state.nodes[n]),
        tail_(model.clock_, model.log_, model.probe_, to_cursor(node_.adrift ? kAway : node_.at)) {
    if (node_.phase == Phase::following) lead_there();
  }

  void open() { node_ = {.phase = Phase::opened, .at = state_.database.newest()}; }

  void join() {
    ModelSession session(state_.database, broken());
    session_ = &session;
    if (!tail_.join(session, follower())) return blame("a node cannot join");
    node_.phase = Phase::following;
    node_.adrift = tail_.adrift();
  }

  void poll(bool load_fails) {
    load_fails_ = load_fails;
    ModelSession session(state_.database, broken());
    session_ = &session;
    if (broken().contact_without_a_look) return contact();
    if (broken().loads_at_every_look) return load_without_a_word(session);
    watch_alarm([&] {
      if (!tail_.poll(session) && !load_fails) blame("a poll fails");
    });
  }

  // What Writer makes of the first writes of its queue: run_batch(), fill(), settle(), refuse_all().
  void batch(const Step& step) {
    ModelSession session(state_.database, broken(), node_.at.revision, step.end);
    session_ = &session;
    in_batch_ = true;
    static const QuotaRules no_quotas;
    Batch batch(session, model_.clock_, broken().tags_all_equal ? 1 : fresh_tag(state_), no_quotas);
    Result<void> begun;
    watch_alarm([&] { begun = batch.begin(tail_); });
    if (begun)
      fill_and_settle(batch, step);
    else
      for (const Num write : model_.queue_of(state_, n_)) answer(write, fail(begun.error()));
    if (!session.wrong.empty()) wrong_ = session.wrong;
    hand_out_late();
    if (step.end == End::stored_unseen) die();
  }

  void die() {
    for (const Num write : model_.queue_of(state_, n_)) state_.answers[write] = Answer::unknown;
    node_ = {};
  }

  std::string wrong() && { return std::move(wrong_); }

 private:
  static constexpr Place kAway{1, 255};

  const BrokenProtocol& broken() const { return model_.scope_.broken; }
  void blame(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  // A tail does not let itself be put anywhere: it joins a log that ends where it is, and is adrift once
  // that log is gone.
  void lead_there() {
    static const BrokenDatabase none;
    const Place at = node_.adrift ? kAway : node_.at;
    History ends_there{.length = at.revision};
    if (at.revision > 0) ends_there.tags[at.revision - 1U] = at.tag;
    ModelSession there(ends_there, none);
    leading_ = true;
    if (!tail_.join(there, follower())) blame("a tail is not where it was put");
    if (node_.adrift) {
      History empty;
      ModelSession nothing(empty, none);
      if (tail_.poll(nothing)) blame("a tail is not adrift as it was");
    }
    leading_ = false;
  }

  LogFollower follower() {
    return {.load = [this](Read& read) { return load(read); },
            .applied = [this](const AppliedBatch& batch) { hear(batch); },
            .contact = [this] { contact(); }};
  }

  Result<void> load(Read& read) {
    if (leading_ ? node_.adrift && tail_.adrift() : load_fails_)
      return fail(Code::unavailable, "test.load", "Not now.");
    if (leading_) return {};
    History loaded = session_->state();
    if (broken().loads_another_state && loaded.length > 0) --loaded.length;
    const bool goes_back = node_.phase == Phase::following && !is_prefix(node_, loaded);
    if (goes_back && !tail_.adrift()) blame("a node goes back without a word");
    node_.at = session_->state().newest();
    node_.revision = static_cast<Num>(to_number(read.revision()));
    node_.shown = loaded.length;
    node_.writes = loaded.writes;
    return {};
  }

  void load_without_a_word(ModelSession& session) {
    Read read(session, Revision{state_.database.length});
    if (!session.begin_read() || !load(read)) blame("a state cannot be read");
    node_.owes_alarm = false;
  }

  void hear(const AppliedBatch& batch) {
    if (!(own_ && broken().own_batches_do_not_count)) node_.at = to_place(cursor_after(batch.entries.back()));
    if (broken().told_after_the_batch && in_batch_)
      late_.push_back(batch);
    else
      show(batch);
  }

  void show(const AppliedBatch& batch) {
    if (node_.owes_alarm) blame("a node goes on in another history without a word");
    for (const auto& entry : batch.entries) {
      if (to_number(entry.revision) != node_.revision + 1U) blame("a node misses an entry, or has it twice");
      node_.revision = static_cast<Num>(to_number(entry.revision));
      for (const auto& image : entry.images)
        if (node_.shown < kMostWrites)
          node_.writes[node_.shown++] = static_cast<Num>(image.key.front() - '0');
    }
  }

  // Staleness is measured from here: it must be true at that moment.
  void contact() {
    if (leading_ || !late_.empty() || node_.phase != Phase::following) return;
    const auto& truth = state_.database;
    if (node_.shown != truth.length || !is_prefix(node_, truth)) node_.misled = true;
  }

  // What the program counts as an alarm, where one is owed.
  template <class Fn>
  void watch_alarm(const Fn& fn) {
    const bool owed = node_.owes_alarm, was_adrift = node_.adrift;
    const bool too_far_behind = node_.at.revision < state_.database.compacted.revision;
    const std::string cause = too_far_behind ? "compacted" : "replaced";
    const auto before = owed ? model_.alarms(cause) : 0;
    const Num shown_before = node_.revision;
    fn();
    node_.adrift = tail_.adrift();
    if (!owed || was_adrift) return;
    if (model_.alarms(cause) == before + 1)
      node_.owes_alarm = false;
    else if (node_.adrift || node_.revision != shown_before)
      blame("what was lost is not told as such");
  }

  void fill_and_settle(Batch& batch, const Step& step) {
    Num taken = 0;
    for (const Num write : model_.queue_of(state_, n_)) {
      const bool only_unchecked = batch.changes_rights() && !broken().rechecks_in_any_batch;
      if (taken == step.count || (only_unchecked && needs_right(write))) break;
      batch.add(queued(write, step.first_fails && taken == 0));
      ++taken;
    }
    if (broken().answers_before_commit) batch.answer(std::nullopt);
    settle(batch, step);
  }

  void settle(Batch& batch, const Step& step) {
    auto entries = batch.finish();
    if (entries && step.end == End::stored_unseen) return;
    if (model_.scope_.synchronous && !broken().standby_is_not_waited_for) state_.standby = state_.database;
    if (!entries) {
      const bool in_doubt = entries.error().reason == Reason("store.in_doubt");
      if (is_given_up(entries.error()) || (in_doubt && broken().runs_doubts_again)) return;
      batch.answer(entries.error());
      return;
    }
    own_ = true;
    if (!entries->empty()) tail_.committed(AppliedBatch{*std::move(entries)});
    batch.answer(std::nullopt);
  }

  void hand_out_late() {
    for (const auto& batch : std::exchange(late_, {})) show(batch);
  }

  bool needs_right(Num write) const { return model_.scope_.writes[write].kind == Scope::Kind::needs_right; }

  QueuedWrite queued(Num write, bool fails) {
    QueuedWrite queued{.recheck = {},
                       .run = [this, write, fails](Tx& tx) { return run(tx, write, fails); },
                       .complete = [this, write](Result<Revision> told) { answer(write, std::move(told)); }};
    if (needs_right(write)) queued.recheck = [this]() { return recheck(); };
    return queued;
  }

  // The row counts as a right if its kind does so for the program.
  Result<void> run(Tx& tx, Num write, bool fails) const {
    const auto id = fmt::to_string(write);
    tx.act({.slug = "test.done", .target_kind = "client", .target_id = id});
    if (model_.scope_.writes[write].kind == Scope::Kind::revokes)
      TRY(erase(tx, User{.id = UserId::trusted(id)}));
    else
      TRY(erase(tx, Client{.id = ClientId::trusted(id)}));
    if (fails) return fail(Code::conflict, "test.refused", "No.");
    return {};
  }

  // The right is there until a write that takes it away is shown.
  Result<void> recheck() const {
    for (Num i = 0; i < node_.shown; ++i)
      if (model_.scope_.writes[node_.writes[i]].kind == Scope::Kind::revokes)
        return fail(Code::denied, "test.denied", "No.");
    return {};
  }

  void answer(Num write, Result<Revision> told) {
    if (told) {
      state_.answers[write] = Answer::stored;
      state_.revisions[write] = static_cast<Num>(to_number(*told));
    } else {
      const bool in_doubt = told.error().reason == Reason("store.in_doubt");
      state_.answers[write] = in_doubt ? Answer::unknown : Answer::refused;
    }
  }

  LogModel& model_;
  State& state_;
  const Num n_;
  Node& node_;
  LogTail tail_;
  ModelSession* session_ = nullptr;
  bool leading_ = false, load_fails_ = false, in_batch_ = false, own_ = false;
  std::vector<AppliedBatch> late_;
  std::string wrong_;
};

LogModel::State LogModel::initial() const {
  State state;
  state.failovers = scope_.failovers;
  state.restores = scope_.restores;
  state.compactions = scope_.compactions;
  state.crashes = scope_.crashes;
  for (Num n = 0; n < scope_.nodes; ++n) state.nodes[n].phase = Phase::following;
  return state;
}

std::vector<Num> LogModel::queue_of(const State& state, Num node) const {
  std::vector<Num> queue;
  for (Num write = 0; write < scope_.writes.size(); ++write)
    if (scope_.writes[write].node == node && state.answers[write] == Answer::none) queue.push_back(write);
  return queue;
}

std::vector<LogModel::Step> LogModel::enabled(const State& state) const {
  std::vector<Step> steps;
  for (Num n = 0; n < scope_.nodes; ++n) {
    add_life(state, n, steps);
    if (state.nodes[n].phase == Phase::following) add_batches(state, n, steps);
  }
  add_mishaps(state, steps);
  return steps;
}

void LogModel::add_life(const State& state, Num n, std::vector<Step>& steps) {
  using Kind = Step::Kind;
  const Node& node = state.nodes[n];
  if (node.phase == Phase::down) steps.push_back({.kind = Kind::open, .node = n});
  if (node.phase == Phase::opened) steps.push_back({.kind = Kind::join, .node = n});
  if (node.phase != Phase::down && state.crashes > 0) steps.push_back({.kind = Kind::die, .node = n});
  if (node.phase != Phase::following) return;
  steps.push_back({.kind = Kind::poll, .node = n});
  if (node.owes_alarm || node.at.revision < state.database.compacted.revision)
    steps.push_back({.kind = Kind::poll_without_load, .node = n});
}

// Of what comes to nothing, one write is as good as two.
void LogModel::add_batches(const State& state, Num n, std::vector<Step>& steps) const {
  const auto queued = queue_of(state, n).size();
  for (Num count = 1; count <= std::min<std::size_t>(queued, 2); ++count) {
    const Step stored{.kind = Step::Kind::batch, .node = n, .count = count};
    for (const auto end : kEnds) {
      if ((end == End::stored_unseen && state.crashes == 0) || (stores_nothing(end) && count > 1)) continue;
      steps.push_back(stored);
      steps.back().end = end;
    }
    steps.push_back(stored);
    steps.back().first_fails = true;
  }
}

void LogModel::add_mishaps(const State& state, std::vector<Step>& steps) const {
  using Kind = Step::Kind;
  const bool has_standby = (state.failovers > 0 || state.restores > 0) && !scope_.synchronous;
  if (has_standby && state.standby != state.database) steps.push_back({.kind = Kind::replicate});
  if (state.failovers > 0) steps.push_back({.kind = Kind::fail_over});
  if (state.restores > 0 && state.standby.length > 0) steps.push_back({.kind = Kind::restore});
  if (state.compactions == 0) return;
  const int length = state.database.length, compacted = state.database.compacted.revision;
  for (int upto = std::max(compacted + 1, length - 1); upto <= length; ++upto)
    steps.push_back({.kind = Kind::compact, .count = static_cast<Num>(upto)});
}

std::string LogModel::take(State& state, const Step& step) {
  using Kind = Step::Kind;
  switch (step.kind) {
    case Kind::replicate:
      state.standby = state.database;
      return {};
    case Kind::fail_over:
      --state.failovers;
      replace_history(state, false);
      return {};
    case Kind::restore:
      --state.restores;
      replace_history(state, true);
      return {};
    case Kind::compact:
      --state.compactions;
      return compact(state, step.count);
    default:
      break;
  }
  Turn turn(*this, state, step.node);
  if (step.kind == Kind::open) turn.open();
  if (step.kind == Kind::join) turn.join();
  if (step.kind == Kind::poll) turn.poll(false);
  if (step.kind == Kind::poll_without_load) turn.poll(true);
  if (step.kind == Kind::batch) turn.batch(step);
  if (step.kind == Kind::die || (step.kind == Kind::batch && step.end == End::stored_unseen)) --state.crashes;
  if (step.kind == Kind::die) turn.die();
  return std::move(turn).wrong();
}

std::string LogModel::compact(State& state, Num upto) const {
  ModelSession session(state.database, scope_.broken);
  const std::size_t entries = upto - state.database.compacted.revision;
  const auto taken = compact_some(session, Millis(0), {.entries = entries});
  return taken && taken->rows == entries ? session.wrong : "the log cannot be compacted";
}

// By the standby's; or by a backup that was made when the standby was, and its newest entry gets a tag of
// its own then.
void LogModel::replace_history(State& state, bool restored) const {
  const Num tag = fresh_tag(state);
  const History before = std::exchange(state.database, state.standby);
  if (restored) {
    state.database.tags[state.database.length - 1U] = tag;
    state.database.compacted = state.database.newest();
  }
  for (Num n = state.database.length; n < before.length; ++n) state.lost[before.writes[n]] = true;
  for (auto& node : state.nodes)
    if (node.phase == Phase::following && !node.adrift) node.owes_alarm = !is_prefix(node, state.database);
}

std::string LogModel::check(const State& state) {
  if (auto wrong = check_writes(state); !wrong.empty()) return wrong;
  if (auto wrong = check_nodes(state); !wrong.empty()) return wrong;
  return check_end(state);
}

std::string LogModel::check_writes(const State& state) const {
  std::array<Num, kMostWrites> found{};
  bool revoked = false;
  for (Num n = 0; n < state.database.length; ++n) {
    const Num write = state.database.writes[n];
    if (std::exchange(found[write], n + 1) != 0) return "a write is there twice";
    if (scope_.writes[write].kind == Scope::Kind::needs_right && revoked)
      return "a write is there whose right was taken away before";
    revoked |= scope_.writes[write].kind == Scope::Kind::revokes;
  }
  for (Num write = 0; write < scope_.writes.size(); ++write) {
    const auto answer = state.answers[write];
    if (answer == Answer::refused && found[write] != 0) return "a write is there that was refused";
    if (answer != Answer::stored) continue;
    if (state.lost[write] ? scope_.synchronous : found[write] != state.revisions[write])
      return "an acknowledged write is lost";
  }
  return {};
}

std::string LogModel::check_nodes(const State& state) const {
  for (const auto& node : state.nodes) {
    if (node.phase != Phase::following || node.adrift || node.owes_alarm) continue;
    for (Num write = 0; write < scope_.writes.size(); ++write) {
      if (state.answers[write] != Answer::stored || state.lost[write]) continue;
      if (node.revision >= state.revisions[write] && !shows(node, write))
        return "who asks for at least a revision is answered with less";
    }
    if (node.shown != node.revision || !is_prefix(node, state.database))
      return "what a node shows is not the state at its revision";
    if (node.misled) return "a node takes itself for up to date and is not";
  }
  return {};
}

// Whatever has happened: once nothing happens any more, every node comes to the state by itself.
std::string LogModel::check_end(State state) {
  for (Num n = 0; n < scope_.nodes; ++n) {
    Node& node = state.nodes[n];
    for (const auto kind : {Step::Kind::open, Step::Kind::join, Step::Kind::poll}) {
      if (kind == Step::Kind::open && node.phase != Phase::down) continue;
      if (kind == Step::Kind::join && node.phase != Phase::opened) continue;
      if (kind == Step::Kind::poll && scope_.broken.never_polls) continue;
      if (auto wrong = take(state, {.kind = kind, .node = n}); !wrong.empty()) return wrong;
    }
    if (auto wrong = check_nodes(state); !wrong.empty()) return wrong;
    const bool there = node.shown == state.database.length && is_prefix(node, state.database);
    if (!there || node.adrift || node.owes_alarm || node.at != state.database.newest())
      return "a node does not come to the state by itself";
  }
  return {};
}

std::uint64_t LogModel::alarms(std::string_view cause) const {
  const auto text = metrics_.render();
  const auto label = fmt::format("allauth_log_resyncs_total{{cause=\"{}\"}} ", cause);
  const auto at = text.find(label) + label.size();
  return parse_u64(std::string_view(text).substr(at, text.find('\n', at) - at)).value();
}

// Tags are numbered anew in the order in which they are met: only whether they are equal counts.
std::string LogModel::key(const State& state) {
  std::string key;
  std::array<Num, 256> names{};
  Num next = 1;
  const auto put = [&key](auto number) { key += static_cast<char>(number); };
  const auto put_tag = [&](Num tag) {
    if (tag != 0 && names[tag] == 0) names[tag] = next++;
    put(names[tag]);
  };
  const auto put_place = [&](const Place& place) {
    put(place.revision);
    put_tag(place.tag);
  };
  for (const auto* history : {&state.database, &state.standby}) {
    put(history->length);
    for (Num n = 0; n < history->length; ++n) {
      put(history->writes[n]);
      put_tag(history->tags[n]);
    }
    put_place(history->compacted);
  }
  for (const auto& node : state.nodes) {
    put(node.phase);
    put(node.adrift * 4 + node.owes_alarm * 2 + node.misled);
    if (!node.adrift) put_place(node.at);  // who is adrift follows from nowhere
    put(node.revision);
    put(node.shown);
    for (Num n = 0; n < node.shown; ++n) put(node.writes[n]);
  }
  for (int write = 0; write < kMostWrites; ++write) {
    const auto n = static_cast<std::size_t>(write);
    put(state.answers[n]);
    put(state.revisions[n] * 2 + state.lost[n]);
  }
  for (const Num left : {state.failovers, state.restores, state.compactions, state.crashes}) put(left);
  return key;
}

std::string LogModel::text(const Step& step) {
  static constexpr std::array kKinds{
      "polls",  "polls and cannot load", "opens",       "joins",     "dies",
      "writes", "(replicate)",           "(fail over)", "(restore)", "(compact)"};
  static constexpr std::array kEndings{
      "stored", "failed", "connection lost before", "connection lost after", "given up", "stored, then dies"};
  const std::string_view kind = kKinds[static_cast<std::size_t>(step.kind)];
  if (step.kind == Step::Kind::compact) return fmt::format("{} to {}", kind, step.count);
  if (kind.starts_with('(')) return std::string(kind);
  if (step.kind != Step::Kind::batch) return fmt::format("node {} {}", step.node, kind);
  return fmt::format("node {} {} {}{}: {}", step.node, kind, step.count,
                     step.first_fails ? ", one fails" : "", kEndings[static_cast<std::size_t>(step.end)]);
}

}  // namespace allauth::store::testing
