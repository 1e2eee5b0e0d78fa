// May this subject do that to this object? One engine per schema; immutable and thread-safe.
//
// A check is a search for a way from the object to the subject. It always ends: what was visited is
// not visited again, so cycles in the data count as "no way there" (least fixpoint), and a limit on
// the work turns a runaway search into an error, which callers treat as a denial. Unknown ids are not
// errors; nobody has a way to them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "policy/decision.h"
#include "policy/explain.h"
#include "policy/graph.h"
#include "policy/ref.h"
#include "policy/schema/schema.h"

namespace allauth::policy {

// What a credential (a PAT, an API key) may be used for, at most. The owner's rights still apply.
struct Restriction {
  std::string kind;        // "*": any
  std::string id;          // "*": any
  std::string permission;  // "*": any
};
struct Restrictions {
  std::optional<std::vector<Restriction>> only;  // nullopt: unrestricted; empty list: nothing at all

  bool permit(std::string_view permission, const ObjectRef& object) const;
};

// Facts about the request, for conditions in the schema. Carried, not yet consulted.
struct Context {
  Instant now{};
  std::string_view address = {};  // of the caller, as text; empty: not known
};

struct CheckQuery {
  SubjectRef subject;
  const Restrictions* restrictions = nullptr;  // nullptr: unrestricted
  std::string_view permission;                 // or a relation
  ObjectRef object;
  Context context = {};
};

struct Question;
class Search;

class Engine {
 public:
  static constexpr std::uint32_t kDefaultWork = 200'000;

  // max_work: how many objects and edges one check may visit.
  explicit Engine(std::shared_ptr<const CompiledSchema> schema, std::uint32_t max_work = kDefaultWork)
      : schema_(std::move(schema)), max_work_(max_work) {}

  // `graph` must have been made with this engine's schema. Does not allocate once a thread is warm.
  // Errors: policy.kind.unknown and policy.permission.unknown (of the object or of the subject; both
  // Code::invalid), policy.work.exceeded (Code::exhausted), policy.schema.mismatch (Code::bug).
  Result<Decision> check(const Graph& graph, std::uint64_t revision, const CheckQuery& query) const;

  // The same search with notes taken; its decision equals that of check().
  Result<Explanation> explain(const Graph& graph, std::uint64_t revision, const CheckQuery& query) const;

  const CompiledSchema& schema() const { return *schema_; }

 private:
  Result<Question> locate(const Graph& graph, const CheckQuery& query) const;
  Result<Decision> decide(const Question& question, std::uint64_t revision, Search& search) const;

  std::shared_ptr<const CompiledSchema> schema_;
  std::uint32_t max_work_;
};

}  // namespace allauth::policy
