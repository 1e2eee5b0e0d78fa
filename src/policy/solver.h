// Whether a place holds: searches what it is a union of, then tries the gates that were reached, nearest
// first, each of whose conditions is a place again. Internal to the engine.
//
// The answer is that of the well-founded model, where what is undefined does not hold (decision 036). It
// does not depend on the order of anything: cycles are presumed not to hold until that is certain, and where
// an exclusion would have to build on a presumption, the tangle is solved as a whole instead.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "policy/notes.h"

namespace allauth::policy {

class Solver {
 public:
  enum class Truth {
    no,
    yes,
    undefined,  // it rests on its own absence: neither, so to be taken for what lets less through
    stopped,
  };

  // `notes`: nullptr, or where to take notes. One solver at a time on each thread.
  Solver(const Graph& graph, const Question& question, Budget& budget, Notes* notes = nullptr);

  Truth solve(Place start);

  // What does not hold stays known from now on: the next places are solved for the same subject, though the
  // question may be about other objects and members. Answers, and the ways to them, stay the same.
  void keep();

  // After a yes, until the next call: the way from the place to the subject, or to a gate.
  const Search::Hit& hit() const { return *hit_; }
  std::span<const Search::Task> tasks() const { return search_.tasks(); }

  bool deniable(MemberId member) const { return search_.deniable(member); }

 private:
  // A place being solved. Frames lie behind one another, and so does what they put into shared vectors.
  struct Frame {
    Place place;
    Search::Mark begin;
    std::uint32_t memo_mark;
    std::uint32_t gate = 0;  // the one that is tried, in Search::pending()
    std::uint32_t gates_end = 0;
    std::uint32_t first_literal;  // of that gate
    std::uint32_t literal;        // the one that is asked about
    std::uint32_t rests_on = Memo::kCertain;
  };
  struct Scratch;
  static Scratch& scratch();

  bool begin(Place start);
  void remember_failure(const Frame& frame);
  void open(Place place);
  void advance();
  bool next_gate();
  void fail_gate();
  void close(bool yes);
  void conclude(const Frame& frame, const std::optional<Search::Hit>& hit, bool remember);
  Search::Hit hit_of(const Frame& frame) const;
  void note_failure(const Frame& frame, const std::optional<Literal>& literal);
  void note_answer(const Frame& frame, const std::optional<Search::Hit>& hit);
  Place normal(Place place) const;

  Search search_;
  Budget& budget_;
  Notes* const notes_;
  Scratch& kept_;
  std::optional<Search::Hit> hit_;
  bool tangled_ = false;
  bool keeping_ = false;
  bool stale_ = false;  // what is known is good for nothing any more
};

}  // namespace allauth::policy
