#include "policy/candidates.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <boost/sort/pdqsort/pdqsort.hpp>

#include "policy/entrance.h"
#include "policy/locate.h"

namespace allauth::policy {
namespace {

// How long a beginning all have in common.
std::size_t common_beginning(std::span<const std::string_view> ids) {
  std::string_view common = ids.front();
  for (const std::string_view id : ids) {
    if (id.starts_with(common)) continue;
    common =
        common.substr(0, static_cast<std::size_t>(std::ranges::mismatch(common, id).in1 - common.begin()));
  }
  return common.size();
}

// The eight bytes from there on, as a number that is in order as they are.
std::uint64_t bytes_at(std::string_view id, std::size_t begin) {
  std::array<unsigned char, 8> bytes{};
  std::memcpy(bytes.data(), id.data() + begin, std::min(id.size() - begin, bytes.size()));
  std::uint64_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return __builtin_bswap64(number);  // all our machines are little-endian
}

// The order of the ids. Most are told apart by eight bytes, which are numbers at hand here and not texts
// somewhere in memory.
std::vector<std::uint32_t> order_of(std::span<const std::string_view> ids) {
  std::vector<std::uint32_t> order;
  if (ids.empty()) return order;
  struct Key {
    std::uint64_t bytes;
    std::uint32_t at;
  };
  std::vector<Key> keys;
  keys.reserve(ids.size());
  const std::size_t begin = common_beginning(ids);
  for (const std::string_view id : ids)
    keys.push_back({bytes_at(id, begin), static_cast<std::uint32_t>(keys.size())});
  boost::sort::pdqsort_branchless(keys.begin(), keys.end(),
                                  [](const Key& a, const Key& b) { return a.bytes < b.bytes; });
  for (auto same = keys.begin(); same != keys.end();) {
    const auto next =
        std::find_if(same, keys.end(), [&](const Key& key) { return key.bytes != same->bytes; });
    if (next - same > 1) std::ranges::sort(same, next, {}, [&](const Key& key) { return ids[key.at]; });
    same = next;
  }
  order.reserve(keys.size());
  for (const Key& key : keys) order.push_back(key.at);
  return order;
}

}  // namespace

std::vector<Candidate> sort_candidates(const Graph& graph, std::span<const Found> found,
                                       std::string_view own_id) {
  std::vector<NodeId> nodes;
  nodes.reserve(found.size());
  for (const Found& one : found) nodes.push_back(one.node);
  std::vector<std::string_view> ids = graph.ids(nodes);
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (nodes[i] == kNoNode) ids[i] = own_id;
  std::vector<Candidate> sorted;
  sorted.reserve(found.size());
  for (const std::uint32_t at : order_of(ids)) sorted.push_back({ids[at], found[at].node, found[at].way});
  return sorted;
}

Result<bool> verify(const Graph& graph, Solver& solver, const Question& question, Budget& budget) {
  budget.spend(1);
  const Solver::Truth allowed = solver.solve({question.object, question.member, Mode::allow});
  if (allowed == Solver::Truth::stopped) return given_up(budget);
  if (allowed != Solver::Truth::yes) return false;
  if (solver.deniable(question.member)) {
    const Solver::Truth denied = solver.solve({question.object, question.member, Mode::deny});
    if (denied == Solver::Truth::stopped) return given_up(budget);
    if (denied != Solver::Truth::no) return false;
  }
  const Solver::Truth left_out = is_left_out(graph, question, budget, solver);
  if (left_out == Solver::Truth::stopped) return given_up(budget);
  return left_out == Solver::Truth::no;
}

Result<IdPage> cut_page(std::span<const Candidate> sorted, const PageRequest& request, std::uint64_t revision,
                        const Holds& holds) {
  if (request.limit == 0) return fail(Code::invalid, "policy.page.limit", "A page has at least one id.");
  if (request.after && request.after->revision != revision)
    return fail(Code::invalid, "policy.cursor.revision", "The cursor belongs to another revision.");
  IdPage page;
  page.ids.reserve(std::min(request.limit, sorted.size()));
  std::uint64_t count = 0;
  bool more = false;
  for (const Candidate& candidate : sorted) {
    const bool before = request.after && candidate.id <= request.after->last;
    if (!request.total && (before || more)) continue;
    TRY(const bool held, holds(candidate));
    if (!held) continue;
    ++count;
    if (before) continue;
    if (page.ids.size() == request.limit)
      more = true;
    else
      page.ids.emplace_back(candidate.id);
  }
  if (more) page.next = Cursor{page.ids.back(), revision};
  if (request.total) page.total = count;
  return page;
}

}  // namespace allauth::policy
