#include "policy/schema/reach.h"

#include <algorithm>

namespace allauth::policy {
namespace {

using Row = std::span<std::uint64_t>;

class Reach {
 public:
  Reach(std::span<const Member> members, std::span<const Step> steps, std::size_t definitions,
        CompileWork& work)
      : members_(members),
        steps_(steps),
        width_(words_of(definitions)),
        work_(work),
        by_member_(members.size() * width_),
        by_step_(steps.size() * width_) {}

  std::vector<std::uint64_t> run() {
    for (bool changed = true; changed && !work_.is_too_much();) {
      for (std::size_t step = 0; step < steps_.size(); ++step) extend_step(step);
      changed = false;
      for (std::size_t member = 0; member < members_.size(); ++member)
        changed = extend_member(member) || changed;
    }
    return std::move(by_member_);
  }

 private:
  Row row(std::vector<std::uint64_t>& rows, std::size_t id) const {
    return Row(rows).subspan(id * width_, width_);
  }
  // True if there is something new in it.
  bool merge(Row to, Row from) {
    work_.spend(to.size());
    bool more = false;
    for (std::size_t word = 0; word < to.size(); ++word) {
      more = more || (from[word] & ~to[word]) != 0;
      to[word] |= from[word];
    }
    return more;
  }
  static bool set(Row row, DefinitionId kind) {
    const std::uint64_t bit = std::uint64_t{1} << (kind % 64);
    const bool fresh = (row[kind / 64] & bit) == 0;
    row[kind / 64] |= bit;
    return fresh;
  }

  void extend_step(std::size_t id) {
    const Step& step = steps_[id];
    const Row to = row(by_step_, id);
    if (step.kind == Step::Kind::direct) {
      for (const Form& form : members_[step.rule].forms)
        if (form.relation == kItself) set(to, form.definition);
    }
    for (const Hop& hop : step.hops)
      for (const Hop::Target& target : hop.targets) merge(to, row(by_member_, target.member));
    if (step.kind == Step::Kind::all_of) return add_common(to, step.parts);
    if (!step.parts.empty()) merge(to, row(by_member_, step.parts[0]));
  }
  // Who comes through all of the parts.
  void add_common(Row to, const std::vector<MemberId>& parts) {
    work_.spend(to.size() * parts.size());
    for (std::size_t word = 0; word < to.size(); ++word) {
      std::uint64_t common = ~std::uint64_t{0};
      for (const MemberId part : parts) common &= row(by_member_, part)[word];
      to[word] |= common;
    }
  }

  bool extend_member(std::size_t id) {
    const Row to = row(by_member_, id);
    bool more = false;
    for (const StepId step : members_[id].plan.steps) {
      if (steps_[step].kind == Step::Kind::self) more = set(to, members_[id].definition) || more;
      more = merge(to, row(by_step_, step)) || more;
    }
    return more;
  }

  std::span<const Member> members_;
  std::span<const Step> steps_;
  const std::size_t width_;
  CompileWork& work_;
  std::vector<std::uint64_t> by_member_;
  std::vector<std::uint64_t> by_step_;
};

bool is_deniable(const Step& step, std::span<const Member> members, CompileWork& work) {
  const auto deniable = [&](MemberId id) {
    work.spend(1);
    return members[id].deniable;
  };
  if (step.apart) return false;
  switch (step.kind) {
    case Step::Kind::self:
    case Step::Kind::direct:
    case Step::Kind::same:
      return false;
    case Step::Kind::grants:
      return !members[step.rule].never_denied;
    case Step::Kind::arrow:
    case Step::Kind::every:
      return std::ranges::any_of(step.hops, [&](const Hop& hop) {
        return std::ranges::any_of(hop.targets, deniable, &Hop::Target::member);
      });
    case Step::Kind::all_of:
      return std::ranges::any_of(step.parts, deniable);
    case Step::Kind::but_not:
      return deniable(step.parts[0]);
  }
  return false;
}

}  // namespace

std::vector<std::uint64_t> find_reach(std::span<const Member> members, std::span<const Step> steps,
                                      std::size_t definitions, CompileWork& work) {
  return Reach(members, steps, definitions, work).run();
}

void find_deniable(std::span<Member> members, std::span<const Step> steps, CompileWork& work) {
  std::vector<bool> by_step(steps.size());
  for (bool changed = true; changed && !work.is_too_much();) {
    for (std::size_t step = 0; step < steps.size(); ++step)
      by_step[step] = by_step[step] || is_deniable(steps[step], members, work);
    changed = false;
    for (Member& member : members) {
      work.spend(member.plan.steps.size());
      if (member.deniable || std::ranges::none_of(member.plan.steps, [&](StepId id) { return by_step[id]; }))
        continue;
      member.deniable = changed = true;
    }
  }
}

}  // namespace allauth::policy
