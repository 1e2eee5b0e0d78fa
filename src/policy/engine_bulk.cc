#include <algorithm>
#include <numeric>
#include <tuple>

#include "policy/check.h"
#include "policy/locate.h"
#include "policy/solver.h"

namespace allauth::policy {
namespace {

auto by_subject(const CheckQuery& query) {
  const SubjectRef& subject = query.subject;
  return std::tuple(subject.relation, subject.object.kind, subject.object.id);
}

}  // namespace

// Checks one after the other, with one solver as long as the subject is the same.
class Engine::Bulk {
 public:
  Bulk(const Engine& engine, const Graph& graph, std::uint64_t revision, const Limits& together)
      : engine_(engine), graph_(graph), revision_(revision), left_(together.max_work), stop_(together.stop) {}

  Result<Decision> check(const CheckQuery& query) {
    if (!query.guests.empty()) return check_with_guests(query);
    if (by_subject(query) != subject_) solver_.reset();
    subject_ = by_subject(query);
    return check(graph_, query);
  }

 private:
  Result<Decision> check_with_guests(const CheckQuery& query) {
    TRY(const Graph with_guests, graph_.with(query.guests));
    solver_.reset();
    auto decision = check(with_guests, query);
    solver_.reset();
    return decision;
  }

  Result<Decision> check(const Graph& graph, const CheckQuery& query) {
    TRY(question_, engine_.locate(graph, query));
    Limits limits = query.limits != nullptr ? *query.limits : engine_.limits_;
    limits.max_work = std::min(limits.max_work, left_);
    if (stop_ != nullptr) limits.stop = stop_;
    budget_ = Budget(limits);
    if (budget_.spent()) return given_up(budget_);
    if (!solver_) solver_.emplace(graph, question_, budget_).keep();
    auto decision = engine_.decide(graph, question_, revision_, budget_, *solver_);
    left_ -= static_cast<std::uint32_t>(std::min<std::uint64_t>(left_, budget_.work() + 1));
    return decision;
  }

  const Engine& engine_;
  const Graph& graph_;
  const std::uint64_t revision_;
  std::uint32_t left_;  // of the work for all
  const std::atomic<bool>* const stop_;
  std::tuple<std::string_view, std::string_view, std::string_view> subject_;
  // What the solver looks at.
  Question question_{};
  Budget budget_{Limits{}};
  std::optional<Solver> solver_;
};

std::vector<Result<Decision>> Engine::check_many(const Graph& graph, std::uint64_t revision,
                                                 std::span<const CheckQuery> queries,
                                                 const Limits& together) const {
  std::vector<std::size_t> order(queries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(by_subject(queries[i]), i); });
  Bulk bulk(*this, graph, revision, together);
  std::vector<std::optional<Result<Decision>>> answers(queries.size());
  for (const std::size_t i : order) answers[i] = bulk.check(queries[i]);
  std::vector<Result<Decision>> in_order;
  in_order.reserve(queries.size());
  for (auto& answer : answers) in_order.push_back(*std::move(answer));
  return in_order;
}

}  // namespace allauth::policy
