#include "policy/reverse_plan.h"

#include <algorithm>
#include <unordered_set>

#include "policy/search.h"

namespace allauth::policy {
namespace {

class Reverser {
 public:
  Reverser(const CompiledSchema& schema, const SubjectKind& subject) : schema_(schema), subject_(subject) {}

  ReversePlan run(MemberId wanted) {
    need(wanted);
    for (std::size_t i = 0; i < needed_.size(); ++i) read(needed_[i]);
    return std::move(plan_);
  }

 private:
  void need(MemberId member) {
    if (subject_.relation == kItself && !schema_.reaches(member, subject_.definition)) return;
    if (known_.insert(member).second) needed_.push_back(member);
  }

  void read(MemberId id) {
    const Member& member = schema_.member(id);
    if (subject_.relation != kItself && member.definition == subject_.definition &&
        std::binary_search(member.plan.names.begin(), member.plan.names.end(), subject_.relation))
      plan_.itself.push_back(id);
    for (const StepId step : member.plan.steps) read(id, schema_.step(step));
  }

  void read(MemberId id, const Step& step) {
    if (step.kind == Step::Kind::self && subject_.relation == kItself &&
        schema_.member(id).definition == subject_.definition)
      plan_.itself.push_back(id);
    if (step.kind == Step::Kind::direct) read_direct(id, step);
    for (const Hop& hop : step.hops)
      for (const Hop::Target& target : hop.targets) lead(target.member, along(id, step, hop));
    // Who comes through a gate comes through its first part, at least.
    if (!step.parts.empty())
      lead(step.parts[0], {.kind = ReversePlan::Lead::Kind::here, .member = id, .gate = step.is_gate()});
  }

  void read_direct(MemberId id, const Step& step) {
    const Member& relation = schema_.member(step.rule);
    const Label label = Label::relation(step.relation, subject_.relation);
    if (allows(relation, {subject_.definition, subject_.relation}))
      plan_.starts.push_back({label, id, false});
    if (subject_.relation == kItself && allows(relation, {subject_.definition, kItself, true}))
      plan_.starts.push_back({label, id, true});
  }

  static ReversePlan::Lead along(MemberId id, const Step& step, const Hop& hop) {
    if (step.kind == Step::Kind::grants)
      return {.kind = ReversePlan::Lead::Kind::granted, .member = id, .action = step.relation};
    return {.kind = ReversePlan::Lead::Kind::along, .member = id, .gate = step.is_gate(), .label = hop.label};
  }

  void lead(MemberId from, const ReversePlan::Lead& lead) {
    need(from);
    plan_.leads[from].push_back(lead);
  }

  const CompiledSchema& schema_;
  const SubjectKind subject_;
  ReversePlan plan_;
  std::vector<MemberId> needed_;
  std::unordered_set<MemberId> known_;
};

}  // namespace

ReversePlan reverse(const CompiledSchema& schema, MemberId wanted, const SubjectKind& subject) {
  return Reverser(schema, subject).run(wanted);
}

}  // namespace allauth::policy
