// Checks in this process on Drive-like data, against one random probe of a hash table of the same size.
#include <chrono>

#include <fmt/format.h>

#include "base/persistent/interner.h"
#include "bench/drive.h"
#include "bench/machine.h"
#include "bench/rows.h"
#include "policy/check.h"
#include "policy/lookup_resources.h"

namespace allauth::bench {
namespace {

constexpr double kMaxHitMicros = 1;
constexpr double kMaxDenyMicros = 5;
constexpr double kMaxLookUpMicros = 20;
constexpr double kMaxResultMicros = 0.1;
constexpr double kMaxBytes = 32;
constexpr double kMaxGrowth = 3;
constexpr std::size_t kQuestions = 50'000;

using SteadyClock = std::chrono::steady_clock;

// All relationships as fingerprints in one open-addressing table, at most half full: the least that a
// look-up by text can cost, and an answer to direct questions only.
class HashTable {
 public:
  explicit HashTable(std::size_t entries) : slots_(std::bit_ceil(entries * 2)) {}

  void add(std::string_view object, std::string_view subject) {
    const auto print = fingerprint(object, subject);
    std::size_t at = print & (slots_.size() - 1);
    while (slots_[at] != 0 && slots_[at] != print) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = print;
  }
  bool contains(std::string_view object, std::string_view subject) const {
    const auto print = fingerprint(object, subject);
    std::size_t at = print & (slots_.size() - 1);
    while (slots_[at] != 0 && slots_[at] != print) at = (at + 1) & (slots_.size() - 1);
    return slots_[at] == print;
  }

 private:
  static std::uint64_t fingerprint(std::string_view object, std::string_view subject) {
    const std::hash<std::string_view> hash;
    return mix(hash(object)) ^ hash(subject) ^ 1;
  }
  std::vector<std::uint64_t> slots_;
};

// What the two readings of the clock around an operation cost.
std::int64_t clock_cost() {
  Latencies latencies;
  for (int i = 0; i < 10'000; ++i) {
    const auto begin = SteadyClock::now();
    latencies.add((SteadyClock::now() - begin).count());
  }
  return static_cast<std::int64_t>(latencies.micros(0.5) * 1000);
}

// The median, and how many answers were not as expected.
struct Timed {
  double p50 = 0;
  double p99 = 0;
  std::size_t wrong = 0;
};
template <class Ask>
Timed time_each(const std::vector<Drive::Question>& questions, bool expected, Ask&& ask) {
  static const std::int64_t clock = clock_cost();
  Timed timed;
  Latencies latencies;
  latencies.reserve(questions.size());
  for (const auto& question : questions) {
    const auto begin = SteadyClock::now();
    const bool answer = ask(question);
    latencies.add((SteadyClock::now() - begin).count() - clock);
    if (answer != expected) ++timed.wrong;
  }
  timed.p50 = latencies.micros(0.5);
  timed.p99 = latencies.micros(0.99);
  return timed;
}

std::vector<Drive::Question> make_questions(const Drive& drive, bool hits) {
  std::vector<Drive::Question> questions;
  questions.reserve(kQuestions);
  for (std::uint64_t i = 0; i < kQuestions; ++i)
    questions.push_back(hits ? drive.direct_hit(i) : drive.deep_deny(i));
  return questions;
}

// What the graph's names take, as it interns them itself.
std::int64_t bytes_of_names(const Drive& drive) {
  const auto before = allocated_bytes();
  persistent::Interner names;
  const auto intern = [&names](const policy::ObjectRef& object) {
    names.intern(object.id, static_cast<std::uint16_t>(object.kind.size()));
  };
  drive.each([&](const policy::Edge& edge) {
    intern(edge.resource);
    intern(edge.subject.object);
  });
  return allocated_bytes() - before;
}

struct Loaded {
  policy::Graph graph;
  double bytes_per_relationship = 0;
  double rate = 0;  // relationships per second
};

Result<Loaded> load_graph(const Drive& drive, const std::shared_ptr<const policy::CompiledSchema>& schema) {
  const auto names = bytes_of_names(drive);
  const auto before = allocated_bytes();
  const auto begin = SteadyClock::now();
  std::optional<policy::Graph::Editor> editor(std::in_place, policy::Graph(schema));
  std::optional<Error> refused;
  drive.each([&](const policy::Edge& edge) {
    if (auto added = editor->add(edge); !added) refused = std::move(added).error();
  });
  if (refused) return fail(*std::move(refused));
  Loaded loaded{.graph = editor->freeze()};
  editor.reset();
  const auto size = static_cast<double>(loaded.graph.size());
  loaded.rate = size / std::chrono::duration<double>(SteadyClock::now() - begin).count();
  loaded.bytes_per_relationship = static_cast<double>(allocated_bytes() - before - names) / size;
  return loaded;
}

HashTable load_table(const Drive& drive, std::size_t size) {
  HashTable table(size);
  drive.each([&](const policy::Edge& edge) { table.add(edge.resource.id, edge.subject.object.id); });
  return table;
}

Result<policy::IdPage> look_up(const policy::Graph& graph, std::string_view user) {
  return policy::lookup_resources(graph, 1,
                                  {.subject = {{"user", user}}, .permission = "view", .kind = "document"});
}

// One kind of question at one size.
struct Measured {
  Sample p50, p99, probe;
};
Measured measure(const Options& options, const Drive& drive, const policy::Engine& engine,
                 const policy::Graph& graph, const HashTable& table, bool hits, Report& report) {
  const auto questions = make_questions(drive, hits);
  const auto check = [&](const Drive::Question& question) {
    const auto decision = engine.check(graph, 1,
                                       {.subject = {{"user", question.user}},
                                        .permission = "view",
                                        .object = {"document", question.document}});
    return decision && decision->allowed();
  };
  const auto probe = [&](const Drive::Question& question) {
    return table.contains(question.document, question.user);
  };
  Measured measured;
  for (int i = 0; i < options.runs(); ++i) {
    const auto ours = time_each(questions, hits, check);
    const auto base = time_each(questions, hits, probe);
    if (ours.wrong + base.wrong > 0)
      report.wrong("check",
                   fmt::format("{} checks, {} probes of {}", ours.wrong, base.wrong, questions.size()));
    measured.p50.add(ours.p50);
    measured.p99.add(ours.p99);
    measured.probe.add(base.p50);
  }
  return measured;
}

Measured report_questions(const Options& options, const Drive& drive, const policy::Engine& engine,
                          const policy::Graph& graph, const HashTable& table, bool hits,
                          const std::string& row, Report& report) {
  const auto measured = measure(options, drive, engine, graph, table, hits, report);
  const std::string what = hits ? "direct hit" : "10-level deny";
  report.add({.row = row,
              .what = what + " p50",
              .unit = "us",
              .ours = measured.p50,
              .baseline_name = "random probe of a hash table",
              .baseline = measured.probe,
              .budget = Budget{Budget::Kind::at_most, hits ? kMaxHitMicros : kMaxDenyMicros}});
  report.add({.row = row, .what = what + " p99", .unit = "us", .ours = measured.p99});
  return measured;
}

// Users who see about as many documents as the budget speaks of.
std::vector<std::string> find_median_users(const Drive& drive, const policy::Graph& graph) {
  constexpr std::size_t kUsers = 200, kTries = 10'000, kFewest = 140, kMost = 200;
  std::vector<std::string> users;
  for (std::uint64_t i = 0; i < kTries && users.size() < kUsers; ++i) {
    const auto user = drive.direct_hit(i).user;
    const auto page = look_up(graph, user);
    if (page && page->ids.size() >= kFewest && page->ids.size() <= kMost) users.push_back(user);
  }
  return users;
}

void report_look_ups(const Options& options, const Drive& drive, const policy::Graph& graph,
                     const std::string& row, Report& report) {
  const auto users = find_median_users(drive, graph);
  Sample p50, each;
  for (int i = 0; i < options.runs() && !users.empty(); ++i) {
    Latencies latencies;
    std::size_t found = 0;
    for (const std::string& user : users) {
      const auto begin = SteadyClock::now();
      const auto page = look_up(graph, user);
      latencies.add((SteadyClock::now() - begin).count());
      found += page ? page->ids.size() : 0;
    }
    p50.add(latencies.micros(0.5));
    each.add(latencies.micros(0.5) * static_cast<double>(users.size()) / static_cast<double>(found));
  }
  const auto add = [&](std::string what, const Sample& sample, double most) {
    if (!sample.empty())
      report.add({.row = row,
                  .what = std::move(what),
                  .unit = "us",
                  .ours = sample,
                  .budget = Budget{Budget::Kind::at_most, most}});
  };
  add("look-up of about 170 documents p50", p50, kMaxLookUpMicros);
  add("look-up of about 170 documents, each", each, kMaxResultMicros);
}

// The medians of hit and deny at one size.
struct AtSize {
  Sample hit, deny;
};
Result<AtSize> measure_size(const Options& options, std::uint64_t relationships, Report& report) {
  const auto row = fmt::format("check.1e{}", fmt::format("{}", relationships).size() - 1);
  const Drive drive(relationships);
  TRY(const auto schema, policy::compile_schema(kDriveSchema));
  const policy::Engine engine;
  TRY(const auto loaded, load_graph(drive, schema));
  const auto table = load_table(drive, loaded.graph.size());
  const auto hit = report_questions(options, drive, engine, loaded.graph, table, true, row, report);
  const auto deny = report_questions(options, drive, engine, loaded.graph, table, false, row, report);
  report_look_ups(options, drive, loaded.graph, row, report);
  report.add({.row = row,
              .what = "memory per relationship, ids apart",
              .unit = "B",
              .ours = Sample(loaded.bytes_per_relationship),
              .budget = Budget{Budget::Kind::at_most, kMaxBytes}});
  report.add({.row = row, .what = "building the graph", .unit = "1/s", .ours = Sample(loaded.rate)});
  return AtSize{hit.p50, deny.p50};
}

}  // namespace

Result<void> check_row(const Options& options, Report& report) {
  if (options.pin) bind_to(kLoadCore);
  std::vector<std::uint64_t> sizes = {100'000, 1'000'000};
  if (options.full) sizes.push_back(10'000'000);
  std::vector<AtSize> measured;
  for (const auto size : sizes) {
    TRY(auto at, measure_size(options, size, report));
    measured.push_back(std::move(at));
  }
  const auto growth = [&](std::string what, const Sample AtSize::* figure) {
    report.add({.row = "check.growth",
                .what = std::move(what),
                .unit = "us",
                .ours = measured.back().*figure,
                .baseline_name = "the smallest size",
                .baseline = measured.front().*figure,
                .budget = Budget{Budget::Kind::ratio_at_most, kMaxGrowth}});
  };
  growth("direct hit p50, largest/smallest", &AtSize::hit);
  growth("10-level deny p50, largest/smallest", &AtSize::deny);
  return {};
}

}  // namespace allauth::bench
