#include "policy/reverse_plan.h"

#include <algorithm>
#include <unordered_map>

#include "policy/search.h"

namespace allauth::policy {
namespace {

constexpr ReversePlan::Number kNowhere = 0xFFFF;  // there are fewer members, see compile_schema()

class Reverser {
 public:
  Reverser(const CompiledSchema& schema, const SubjectKind& subject) : schema_(schema), subject_(subject) {}

  ReversePlan run(std::span<const MemberId> wanted) {
    for (const MemberId member : wanted) need(member);
    for (std::size_t i = 0; i < plan_.stops.size(); ++i) read(static_cast<ReversePlan::Number>(i));
    return std::move(plan_);
  }

  // What gates on the way take away.
  std::vector<MemberId> taken_away() && { return std::move(taken_away_); }

 private:
  using Kind = ReversePlan::Lead::Kind;

  // The member's number. kNowhere: nobody of the kind holds it.
  ReversePlan::Number need(MemberId member) {
    if (subject_.relation == kItself && !schema_.reaches(member, subject_.definition)) return kNowhere;
    const auto next = static_cast<ReversePlan::Number>(plan_.stops.size());
    const auto [known, is_new] = numbers_.try_emplace(member, next);
    if (is_new) plan_.stops.push_back({member, schema_.member(member).definition, {}});
    return known->second;
  }

  void read(ReversePlan::Number number) {
    const Member& member = schema_.member(plan_.stops[number].member);
    if (subject_.relation != kItself && member.definition == subject_.definition &&
        std::binary_search(member.plan.names.begin(), member.plan.names.end(), subject_.relation))
      plan_.itself.push_back(number);
    for (const StepId step : member.plan.ways) read(number, member.definition, schema_.step(step));
  }

  void read(ReversePlan::Number to, DefinitionId definition, const Step& step) {
    if (step.kind == Step::Kind::self && subject_.relation == kItself && definition == subject_.definition)
      plan_.itself.push_back(to);
    if (step.kind == Step::Kind::direct) read_direct(to, step);
    for (const Hop& hop : step.hops)
      for (const Hop::Target& target : hop.targets) lead(target.member, along(to, target, step, hop));
    if (step.parts.empty()) return;
    // Who comes through a gate comes through its first part, at least.
    lead(step.parts[0],
         {.kind = Kind::here, .mixed = false, .to = to, .gate = step.is_gate() ? &step : nullptr});
    if (step.kind == Step::Kind::but_not)
      taken_away_.insert(taken_away_.end(), step.parts.begin() + 1, step.parts.end());
  }

  void read_direct(ReversePlan::Number to, const Step& step) {
    const Member& relation = schema_.member(step.rule);
    const Label label = Label::relation(step.relation, subject_.relation);
    const auto start = [&](bool everyone) {
      const Form form{subject_.definition, subject_.relation, everyone};
      if (!allows(relation, form)) return;
      const bool mixed = schema_.is_shared(step.relation, form.definition, form.relation);
      plan_.starts.push_back({{.kind = Kind::along, .mixed = mixed, .to = to, .label = label}, everyone});
    };
    start(false);
    if (subject_.relation == kItself) start(true);
  }

  ReversePlan::Lead along(ReversePlan::Number to, const Hop::Target& from, const Step& step,
                          const Hop& hop) const {
    if (step.kind == Step::Kind::grants) return {.kind = Kind::granted, .mixed = true, .to = to};
    return {.kind = Kind::along,
            .mixed = schema_.is_shared(hop.label.relation_name(), from.definition, hop.label.held_by()),
            .to = to,
            .label = hop.label,
            .gate = step.is_gate() ? &step : nullptr};
  }

  void lead(MemberId from, const ReversePlan::Lead& lead) {
    const ReversePlan::Number number = need(from);
    if (number != kNowhere) plan_.stops[number].leads.push_back(lead);
  }

  const CompiledSchema& schema_;
  const SubjectKind subject_;
  ReversePlan plan_;
  std::unordered_map<MemberId, ReversePlan::Number> numbers_;
  std::vector<MemberId> taken_away_;
};

}  // namespace

ReversePlan reverse(const CompiledSchema& schema, std::span<const MemberId> wanted,
                    const SubjectKind& subject) {
  Reverser reverser(schema, subject);
  ReversePlan plan = reverser.run(wanted);
  const std::vector<MemberId> taken_away = std::move(reverser).taken_away();
  if (!taken_away.empty())
    plan.against = std::make_unique<const ReversePlan>(Reverser(schema, subject).run(taken_away));
  return plan;
}

}  // namespace allauth::policy
