// The policy engine in this process, on data of several shapes: checks alone and many at once, look-ups,
// explanations, loading, memory, and what a write costs. Answers are verified, as far as they are known.
#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "bench/drive.h"
#include "bench/machine.h"
#include "bench/policy_sets.h"
#include "bench/rows.h"
#include "policy/check.h"
#include "policy/lookup_resources.h"
#include "policy/lookup_subjects.h"

namespace allauth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kBulk = 100;
constexpr double kMaxBulkMicros = 3;
constexpr double kMaxResultMicros = 0.1;
constexpr double kManyResults = 30;  // fewer do not say much about one
constexpr policy::Limits kLimits{.max_work = 500'000'000};

// One data set at one size.
class PolicyBench {
 public:
  PolicyBench(const PolicySet& set, std::shared_ptr<const policy::CompiledSchema> schema, std::string row,
              bool quick, Report& report)
      : set_(set),
        engine_(kLimits),
        graph_(std::move(schema)),
        row_(std::move(row)),
        rounds_(quick ? 500 : 5'000),
        report_(report) {}

  void run() {
    load();
    checks(true);
    checks(false);
    many(true);
    many(false);
    explain();
    resources();
    subjects();
    writes();
  }

 private:
  void add(std::string what, std::string unit, double value, std::optional<Budget> budget = std::nullopt) {
    report_.add({.row = row_,
                 .what = std::move(what),
                 .unit = std::move(unit),
                 .ours = Sample(value),
                 .budget = budget});
  }
  void add_latency(const std::string& what, Latencies& latencies) {
    add(what + " p50", "us", latencies.micros(0.5));
    add(what + " p99", "us", latencies.micros(0.99));
  }
  // Runs `one` so often; it says whether its answer was right.
  template <class One>
  Latencies time(const std::string& what, std::size_t rounds, One&& one) {
    Latencies latencies;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
      const PolicyQuestion hit = set_.hit(i), deny = set_.deny(i);
      const auto begin = SteadyClock::now();
      const bool right = one(i, hit, deny);
      latencies.add((SteadyClock::now() - begin).count());
      if (!right) ++wrong;
    }
    if (wrong > 0) report_.wrong(row_, fmt::format("{}: {} of {} answers", what, wrong, rounds));
    return latencies;
  }
  policy::CheckQuery query(const PolicyQuestion& question) const {
    return {.subject = {{set_.subject_kind, question.subject}},
            .permission = set_.permission,
            .object = {set_.kind, question.object}};
  }
  bool is_right(const Result<policy::Decision>& decision, bool expected) const {
    return decision && decision->allowed() == expected;
  }

  // Memory with the names in it.
  void load() {
    const auto before = allocated_bytes();
    const auto begin = SteadyClock::now();
    auto editor = std::make_unique<policy::Graph::Editor>(graph_);
    set_.fill(*editor);
    graph_ = editor->freeze();
    editor.reset();
    const auto size = static_cast<double>(graph_.size());
    add("building the graph", "1/s",
        size / std::chrono::duration<double>(SteadyClock::now() - begin).count());
    add("memory per relationship, with names", "B", static_cast<double>(allocated_bytes() - before) / size);
  }

  void checks(bool hits) {
    const std::string what = hits ? "check, yes" : "check, no";
    auto latencies = time(what, rounds_ * 4, [&](std::size_t, const auto& hit, const auto& deny) {
      return is_right(engine_.check(graph_, 1, query(hits ? hit : deny)), hits);
    });
    add_latency(what, latencies);
  }

  // A hundred objects, the first of which is the question's, for its subject.
  void many(bool hits) {
    const std::string what = hits ? "bulk check, some yes" : "bulk check, mostly no";
    Latencies latencies;
    for (std::size_t i = 0; i < std::max<std::size_t>(10, rounds_ / 50); ++i) {
      std::vector<PolicyQuestion> questions = {hits ? set_.hit(i) : set_.deny(i)};
      while (questions.size() < kBulk)
        questions.push_back({set_.hit(mix(i * kBulk + questions.size())).object, questions[0].subject});
      std::vector<policy::CheckQuery> queries;
      for (const PolicyQuestion& question : questions) queries.push_back(query(question));
      const auto begin = SteadyClock::now();
      const auto answers = engine_.check_many(graph_, 1, queries, kLimits);
      latencies.add((SteadyClock::now() - begin).count());
      if (!is_right(answers.front(), hits)) report_.wrong(row_, what);
    }
    add(what + ", per check p50", "us", latencies.micros(0.5) / kBulk,
        Budget{Budget::Kind::at_most, kMaxBulkMicros});
  }

  void explain() {
    auto latencies = time("explain, no", rounds_ / 10, [&](std::size_t, const auto&, const auto& deny) {
      const auto explanation = engine_.explain(graph_, 1, query(deny));
      return explanation && !explanation->decision.allowed();
    });
    add_latency("explain, no", latencies);
  }

  void resources() {
    std::uint64_t found = 0;
    const std::size_t rounds = std::max<std::size_t>(10, rounds_ / 50);
    auto latencies = time("look-up of resources", rounds, [&](std::size_t, const auto& hit, const auto&) {
      const auto page = policy::lookup_resources(graph_, 1,
                                                 {.subject = {{set_.subject_kind, hit.subject}},
                                                  .permission = set_.permission,
                                                  .kind = set_.kind,
                                                  .page = {.limit = 1'000'000},
                                                  .limits = kLimits});
      if (page) found += page->ids.size();
      return page && std::ranges::binary_search(page->ids, hit.object);
    });
    add_latency("look-up of resources", latencies);
    const double each = static_cast<double>(found) / static_cast<double>(rounds);
    add("look-up of resources, results", "", each);
    if (each >= kManyResults)
      add("look-up of resources, per result", "us", latencies.micros(0.5) / each,
          Budget{Budget::Kind::at_most, kMaxResultMicros});
  }

  void subjects() {
    std::uint64_t found = 0;
    constexpr std::size_t kRounds = 10;
    auto latencies = time("look-up of subjects", kRounds, [&](std::size_t, const auto& hit, const auto&) {
      const auto page = policy::lookup_subjects(graph_, 1,
                                                {.object = {set_.kind, hit.object},
                                                 .permission = set_.permission,
                                                 .kind = set_.subject_kind,
                                                 .page = {.limit = 1'000'000},
                                                 .limits = kLimits});
      if (page) found += page->named.ids.size();
      return page && std::ranges::binary_search(page->named.ids, hit.subject);
    });
    add_latency("look-up of subjects", latencies);
    add("look-up of subjects, results", "", static_cast<double>(found) / kRounds);
  }

  // One change and the next graph, then a hundred checks of that one.
  void writes() {
    if (set_.relation.empty()) return;
    const policy::Graph before = graph_;
    Latencies changes, checks;
    for (std::size_t i = 0; i < rounds_ / 10; ++i) {
      const PolicyQuestion question = set_.hit(i);
      const auto begin = SteadyClock::now();
      policy::Graph::Editor editor(graph_);
      (void)editor.add({{set_.kind, question.object}, set_.relation, {{set_.subject_kind, "newcomer"}}})
          .value();
      graph_ = editor.freeze();
      changes.add((SteadyClock::now() - begin).count());
      for (std::size_t n = 0; n < kBulk; ++n) {
        const PolicyQuestion then = n % 2 == 0 ? set_.hit(i * kBulk + n) : set_.deny(i * kBulk + n);
        const auto start = SteadyClock::now();
        const bool right = is_right(engine_.check(graph_, 1, query(then)), n % 2 == 0);
        checks.add((SteadyClock::now() - start).count());
        if (!right) report_.wrong(row_, "a check after a write");
      }
    }
    graph_ = before;
    add_latency("write and swap", changes);
    add_latency("check, half yes, 1 % writes", checks);
  }

  const PolicySet& set_;
  const policy::Engine engine_;
  policy::Graph graph_;
  const std::string row_;
  const std::size_t rounds_;
  Report& report_;
};

}  // namespace

Result<void> policy_row(const Options& options, Report& report) {
  if (options.pin) bind_to(kLoadCore);
  std::vector<std::uint64_t> sizes = {100'000, 1'000'000};
  if (options.full) sizes.push_back(10'000'000);
  for (const auto size : sizes) {
    for (const PolicySet& set : policy_sets(size)) {
      TRY(auto schema, policy::compile_schema(set.schema));
      const auto row = fmt::format("policy.{}.1e{}", set.name, fmt::format("{}", size).size() - 1);
      PolicyBench(set, std::move(schema), row, options.quick, report).run();
    }
  }
  return {};
}

}  // namespace allauth::bench
