// May this subject do that to this object? By the schema of the graph; immutable and thread-safe.
//
// A check is a search for a way from the object to the subject. It always ends: what was visited is
// not visited again, so cycles in the data count as "no way there" (least fixpoint), what would hold just
// if it did not hold is a no (decision 036), and a limit on the work turns a runaway search into an error,
// which callers treat as a denial. Unknown ids are not errors; nobody has a way to them, except as everyone
// (`user:*`) or as themselves (`self`). Where a role of the subject is denied what was asked, nothing else
// counts (decision 035); where the object is closed, only those who may enter it count (decision 038).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "policy/budget.h"
#include "policy/decision.h"
#include "policy/explain.h"
#include "policy/graph.h"
#include "policy/ref.h"
#include "policy/restrictions.h"
#include "policy/schema/schema.h"

namespace allauth::policy {

// What a message carries besides its content (MQTT 5, §3.3.2.3.7: a user property).
struct Property {
  std::string_view name;
  std::string_view value;
};

// Facts about the request, for conditions in the schema. Carried, not yet consulted. Views are borrowed.
struct Context {
  Instant now{};
  std::string_view address = {};  // of the caller, as text; empty: not known
  // Of a message: what is done with it (connect, publish, subscribe, unsubscribe, deliver); empty: there is
  // none.
  std::string_view action = {};
  std::uint8_t qos = 0;  // as asked for
  bool retain = false;
  std::span<const Property> properties = {};
};

struct CheckQuery {
  SubjectRef subject;
  const Restrictions* restrictions = nullptr;  // nullptr: unrestricted
  std::string_view permission;                 // or a relation
  ObjectRef object;
  Context context = {};
  const Limits* limits = nullptr;     // nullptr: those of the engine
  std::span<const Edge> guests = {};  // relationships that count for this question, see Graph::with()
};

struct Question;
class Solver;

class Engine {
 public:
  explicit Engine(Limits limits = {}) : limits_(limits) {}

  // Does not allocate once a thread is warm, unless the search becomes wide (Limits::look_back_at).
  // Errors: policy.kind.unknown, policy.permission.unknown (of the object or of the subject),
  // policy.subject.wildcard and policy.id.invalid (`*` is nobody in particular; all Code::invalid),
  // policy.work.exceeded (Code::exhausted), policy.stopped (Code::unavailable), and those of Graph::with(). A
  // question with guests does allocate.
  Result<Decision> check(const Graph& graph, std::uint64_t revision, const CheckQuery& query) const;

  // Many checks of one graph. Answers are in the order of the queries, each what check() says, error or
  // not; but who asks of one subject again and again has part of the work done once. `together`: for all of
  // them. What is left over when that is used up is answered by policy.work.exceeded.
  std::vector<Result<Decision>> check_many(const Graph& graph, std::uint64_t revision,
                                           std::span<const CheckQuery> queries,
                                           const Limits& together = {.max_work = kLookupWork}) const;

  // The same search with notes taken; its decision equals that of check().
  Result<Explanation> explain(const Graph& graph, std::uint64_t revision, const CheckQuery& query) const;

 private:
  Result<Decision> check_alone(const Graph& graph, std::uint64_t revision, const CheckQuery& query) const;
  Result<Explanation> explain_alone(const Graph& graph, std::uint64_t revision,
                                    const CheckQuery& query) const;
  static Result<Question> locate(const Graph& graph, const CheckQuery& query);
  Result<Decision> decide(const Graph& graph, const Question& question, std::uint64_t revision,
                          Budget& budget, Solver& solver) const;
  Result<Decision> decide_open(const Question& question, std::uint64_t revision, const Budget& budget,
                               Solver& solver) const;
  static void add_evidence(Decision& decision, const Question& question, const Solver& solver);
  class Bulk;

  Limits limits_;
};

}  // namespace allauth::policy
