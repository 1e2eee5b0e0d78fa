#include "policy/solver.h"

#include <utility>

#include "policy/tangle.h"

namespace allauth::policy {

struct Solver::Scratch {
  Memo memo;
  std::vector<Frame> frames;
  std::vector<Literal> literals;
};

Solver::Scratch& Solver::scratch() {
  thread_local Scratch kept;
  return kept;
}

Solver::Solver(const Graph& graph, const Question& question, Budget& budget, Notes* notes)
    : search_(graph, question, budget), budget_(budget), notes_(notes), kept_(scratch()) {}

void Solver::keep() {
  keeping_ = true;
  stale_ = true;
}

// False: the place is known not to hold.
bool Solver::begin(Place start) {
  hit_.reset();
  kept_.frames.clear();
  kept_.literals.clear();
  if (!keeping_) {
    search_.forget({0, 0});
    kept_.memo.start();
    return true;
  }
  search_.forget_all();
  // An object that no edge knows is not always the same one.
  if (stale_ || start.node == kNoNode) kept_.memo.start();
  stale_ = start.node == kNoNode;
  const auto known = kept_.memo.find(start.key());
  return !known || known->yes;
}

// Whatever the place is a union of does not hold, either.
void Solver::remember_failure(const Frame& frame) {
  for (const Search::Task& task : search_.tasks().subspan(frame.begin.tasks)) {
    const std::uint64_t place = Place{task.node, task.member, task.mode}.key();
    kept_.memo.settle_no(place, kept_.memo.mark(), 0, Memo::kCertain);
  }
}

Solver::Truth Solver::solve(Place start) {
  if (!begin(normal(start))) return Truth::no;
  open(normal(start));
  while (!kept_.frames.empty() && !tangled_) {
    if (budget_.spent()) break;
    advance();
  }
  if (hit_) return Truth::yes;
  if (budget_.spent()) {
    stale_ = true;
    return Truth::stopped;
  }
  if (!tangled_) return Truth::no;
  search_.forget({0, 0});
  stale_ = true;
  tangled_ = false;
  Tangle tangle(search_, budget_, notes_);
  if (!tangle.solve(normal(start))) return Truth::stopped;
  hit_ = tangle.hit();
  return hit_ ? Truth::yes : tangle.is_undefined() ? Truth::undefined : Truth::no;
}

// Where nothing can be denied, what is allowed holds.
Place Solver::normal(Place place) const {
  if (place.mode == Mode::holds && !deniable(place.member)) place.mode = Mode::allow;
  return place;
}

void Solver::open(Place place) {
  const auto depth = static_cast<std::uint32_t>(kept_.frames.size());
  const auto literals = static_cast<std::uint32_t>(kept_.literals.size());
  Frame frame{.place = place,
              .begin = search_.mark(),
              .memo_mark = kept_.memo.mark(),
              .first_literal = literals,
              .literal = literals};
  if (notes_ != nullptr) (*notes_)[place.key()] = Note{.place = place};
  if (place.mode == Mode::holds) {
    kept_.literals.push_back({{place.node, place.member, Mode::allow}});
    kept_.literals.push_back({{place.node, place.member, Mode::deny}, true});
  } else {
    const Search::End end =
        depth != 0 ? search_.explore(place, &kept_.memo)
                   : search_.explore(place, keeping_ ? &kept_.memo : nullptr, Search::Known::leads_on);
    if (end == Search::End::stopped) return;
    frame.rests_on = search_.rests_on();
    frame.gate = frame.begin.pending;
    frame.gates_end = search_.mark().pending;
    if (end == Search::End::found || frame.gate == frame.gates_end)
      return conclude(frame, end == Search::End::found ? search_.hit() : std::nullopt, depth != 0);
  }
  kept_.memo.enter(place.key(), depth);
  kept_.frames.push_back(frame);
  if (place.mode != Mode::holds && !next_gate()) close(false);
}

// Asks the next question of the frame on top.
void Solver::advance() {
  Frame& frame = kept_.frames.back();
  if (frame.literal == kept_.literals.size()) return close(true);
  const Literal literal = kept_.literals[frame.literal];
  const Place place = normal(literal.place);
  budget_.spend(1);
  const auto known = kept_.memo.find(place.key());
  if (!known) return open(place);
  frame.rests_on = std::min(frame.rests_on, known->rests_on);
  if (literal.negated && known->rests_on != Memo::kCertain) {
    tangled_ = true;
    return;
  }
  if (known->yes != literal.negated)
    ++frame.literal;
  else
    fail_gate();
}

void Solver::fail_gate() {
  Frame& frame = kept_.frames.back();
  if (notes_ != nullptr) note_failure(frame, kept_.literals[frame.literal]);
  ++frame.gate;
  if (frame.place.mode == Mode::holds || !next_gate()) close(false);
}

// Makes the conditions of the frame's next gate the ones to ask for. False: there is none left.
bool Solver::next_gate() {
  Frame& frame = kept_.frames.back();
  for (; frame.gate < frame.gates_end && !budget_.spent(); ++frame.gate) {
    kept_.literals.resize(frame.first_literal);
    frame.literal = frame.first_literal;
    if (search_.unfold(search_.pending()[frame.gate], kept_.literals)) return true;
    if (notes_ != nullptr) note_failure(frame, std::nullopt);
  }
  return false;
}

// Leaves the frame on top with an answer.
void Solver::close(bool yes) {
  const Frame frame = kept_.frames.back();
  kept_.frames.pop_back();
  conclude(frame, yes ? std::optional(hit_of(frame)) : std::nullopt, true);
}

// The frame that just left, or never had to come, is answered.
void Solver::conclude(const Frame& frame, const std::optional<Search::Hit>& hit, bool remember) {
  const auto depth = static_cast<std::uint32_t>(kept_.frames.size());
  if (notes_ != nullptr) note_answer(frame, hit);
  if (remember && hit)
    kept_.memo.settle_yes(frame.place.key(), frame.memo_mark);
  else if (remember)
    kept_.memo.settle_no(frame.place.key(), frame.memo_mark, depth, frame.rests_on);
  if (keeping_ && !hit && frame.rests_on >= depth) remember_failure(frame);
  kept_.literals.resize(frame.first_literal);
  if (depth == 0)
    hit_ = hit;
  else
    search_.forget(frame.begin);
}

// The gate that held, as the end of the way.
Search::Hit Solver::hit_of(const Frame& frame) const {
  if (frame.place.mode == Mode::holds)
    return {.task = Search::kRoot, .rule = frame.place.member, .by = Search::Hit::By::gate};
  return search_.hit_of(search_.pending()[frame.gate]);
}

void Solver::note_failure(const Frame& frame, const std::optional<Literal>& literal) {
  Note::Failed failed{.gate = {}, .literal = literal};
  if (frame.place.mode != Mode::holds) {
    failed.gate = search_.pending()[frame.gate];
    failed.gate.task -= frame.begin.tasks;
  }
  (*notes_)[frame.place.key()].failed.push_back(failed);
}

void Solver::note_answer(const Frame& frame, const std::optional<Search::Hit>& hit) {
  Note& note = (*notes_)[frame.place.key()];
  note.hit = hit;
  if (hit && hit->by == Search::Hit::By::gate) {
    const auto& asked = kept_.literals;
    note.literals.assign(asked.begin() + frame.first_literal, asked.end());
  }
  if (frame.place.mode == Mode::holds) return;
  note.take(search_.tasks().subspan(frame.begin.tasks), frame.begin.tasks);
}

}  // namespace allauth::policy
