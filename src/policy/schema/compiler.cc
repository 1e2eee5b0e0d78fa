#include <algorithm>
#include <map>

#include "policy/schema/fragment.h"
#include "policy/schema/parser.h"
#include "policy/schema/resolved_schema.h"
#include "policy/schema/schema.h"

namespace allauth::policy {

namespace {

// One branch of a permission's union.
struct Branch {
  Position at;
  NameId name;
  NameId target;  // an arrow's right side; kItself: no arrow
};
using Branches = std::map<const ResolvedMember*, std::vector<Branch>>;

Result<void> flatten(const ResolvedExpr& expr, std::vector<Branch>& branches) {
  switch (expr.kind) {
    case ResolvedExpr::Kind::nil:
      return {};
    case ResolvedExpr::Kind::self:
      return unavailable_at(expr.at, "`self` is");
    case ResolvedExpr::Kind::intersection:
      return unavailable_at(expr.at, "intersection (&) is");
    case ResolvedExpr::Kind::exclusion:
      return unavailable_at(expr.at, "exclusion (-) is");
    case ResolvedExpr::Kind::arrow:
      if (expr.all) return unavailable_at(expr.at, "`all` is");
      [[fallthrough]];
    case ResolvedExpr::Kind::reference:
      branches.push_back({expr.at, expr.name, expr.target});
      return {};
    case ResolvedExpr::Kind::union_:
      for (const ResolvedExpr& part : expr.parts) TRY(flatten(part, branches));
      return {};
  }
  return {};
}

Result<Branches> find_branches(const ResolvedSchema& schema) {
  Branches branches;
  for (const ResolvedDefinition& definition : schema.definitions) {
    for (const ResolvedMember& member : definition.members) {
      for (const Form& form : member.forms)
        if (form.wildcard) return unavailable_at(member.at, "wildcards are");
      TRY(flatten(member.expr, branches[&member]));
    }
  }
  return branches;
}

}  // namespace

class SchemaCompiler {
 public:
  SchemaCompiler(const ResolvedSchema& source, const Branches& branches)
      : source_(source), branches_(branches) {}

  std::shared_ptr<const CompiledSchema> run() {
    make_members();
    for (DefinitionId id = 0; id < source_.definitions.size(); ++id) make_steps(id);
    for (DefinitionId id = 0; id < source_.definitions.size(); ++id) make_plans(id);
    find_reach();
    return std::make_shared<const CompiledSchema>(std::move(schema_));
  }

 private:
  void make_members() {
    schema_.names_ = source_.names;
    schema_.warnings_ = source_.warnings;
    for (std::size_t id = 1; id < source_.names.size(); ++id)
      schema_.name_index_.emplace(source_.names[id], static_cast<NameId>(id));
    for (const ResolvedDefinition& from : source_.definitions) {
      const auto id = static_cast<DefinitionId>(schema_.definitions_.size());
      schema_.definition_index_.emplace(from.name, id);
      CompiledSchema::Definition to{.name = from.name, .members = {}, .grant_role = from.grant_role};
      for (const ResolvedMember& member : from.members) {
        to.members.emplace_back(member.name, static_cast<MemberId>(schema_.members_.size()));
        schema_.members_.push_back(
            {.kind = member.kind, .definition = id, .name = member.name, .forms = member.forms});
      }
      std::sort(to.members.begin(), to.members.end());
      schema_.definitions_.push_back(std::move(to));
    }
  }

  // A step for each relation and for each arrow, used by all plans that need it.
  void make_steps(DefinitionId id) {
    for (const ResolvedMember& source : source_.definitions[id].members) {
      switch (source.kind) {
        case Member::Kind::relation:
          add_step(id, {.kind = Step::Kind::direct, .rule = 0, .relation = source.name});
          break;
        case Member::Kind::granted:
          add_step(id, {.kind = Step::Kind::grants, .rule = 0, .relation = source.name});
          break;
        case Member::Kind::permission:
          for (const Branch& branch : branches_.at(&source)) {
            if (branch.target != kItself && !step_index_.contains({id, branch.name, branch.target}))
              add_step(
                  id,
                  {.kind = Step::Kind::arrow, .rule = 0, .relation = branch.name, .target = branch.target});
          }
          break;
      }
    }
  }

  void add_step(DefinitionId id, Step step) {
    const Member& relation = *schema_.find_member(id, step.relation);
    step.rule = member_id(relation);
    for (const Form& form : relation.forms) {
      if (step.kind != Step::Kind::arrow && form.relation == kItself) continue;
      add_target(step, form, step.kind == Step::Kind::arrow ? step.target : form.relation);
    }
    std::erase_if(step.hops, [](const Hop& hop) { return hop.targets.empty(); });
    step_index_.emplace(std::tuple(id, step.relation, step.target),
                        static_cast<StepId>(schema_.steps_.size()));
    schema_.steps_.push_back(std::move(step));
  }

  void add_target(Step& step, const Form& form, NameId asked) {
    const Label label = Label::relation(step.relation, form.relation);
    auto hop =
        std::find_if(step.hops.begin(), step.hops.end(), [&](const Hop& h) { return h.label == label; });
    if (hop == step.hops.end()) {
      step.hops.push_back({.label = label, .mixed = false, .targets = {}});
      hop = step.hops.end() - 1;
    } else {
      hop->mixed = true;
    }
    if (const Member* member = schema_.find_member(form.definition, asked); member != nullptr)
      hop->targets.push_back({form.definition, member_id(*member)});
  }

  void make_plans(DefinitionId id) {
    for (const ResolvedMember& source : source_.definitions[id].members) {
      const MemberId member = member_id(*schema_.find_member(id, source.name));
      Plan plan = close(id, source);
      const auto rank = [&](StepId step) {
        const Step& s = schema_.steps_[step];
        return std::tuple(s.kind, s.kind == Step::Kind::direct && !s.hops.empty(), step);
      };
      std::sort(plan.steps.begin(), plan.steps.end(), [&](StepId a, StepId b) { return rank(a) < rank(b); });
      std::sort(plan.names.begin(), plan.names.end());
      schema_.members_[member].direct_only =
          source.kind == Member::Kind::relation && schema_.steps_[plan.steps[0]].hops.empty();
      schema_.members_[member].plan = std::move(plan);
    }
  }

  // Follows references on the same object until only stored relations and arrows are left.
  Plan close(DefinitionId id, const ResolvedMember& start) const {
    const ResolvedDefinition& definition = source_.definitions[id];
    Plan plan;
    std::vector<bool> seen(definition.members.size());
    std::vector<const ResolvedMember*> todo{&start};
    auto add = [&](StepId step) {
      if (std::find(plan.steps.begin(), plan.steps.end(), step) == plan.steps.end())
        plan.steps.push_back(step);
    };
    for (std::size_t i = 0; i < todo.size(); ++i) {
      const ResolvedMember& member = *todo[i];
      const auto position = static_cast<std::size_t>(&member - definition.members.data());
      if (seen[position]) continue;
      seen[position] = true;
      plan.names.push_back(member.name);
      if (member.kind != Member::Kind::permission) add(step_index_.at({id, member.name, kItself}));
      for (const Branch& branch : branches_.at(&member)) {
        if (branch.target != kItself)
          add(step_index_.at({id, branch.name, branch.target}));
        else
          todo.push_back(definition.find(branch.name));
      }
    }
    return plan;
  }

  // Which kinds of subjects can hold a member at all: the least fixpoint over the hops.
  void find_reach() {
    const std::size_t width = (schema_.definitions_.size() + 63) / 64;
    schema_.reach_width_ = width;
    schema_.reach_.assign(schema_.members_.size() * width, 0);
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t member = 0; member < schema_.members_.size(); ++member)
        changed = extend_reach(member, width) || changed;
    }
  }
  bool extend_reach(std::size_t member, std::size_t width) {
    std::uint64_t* const row = &schema_.reach_[member * width];
    bool changed = false;
    auto merge = [&](std::size_t word, std::uint64_t bits) {
      changed = changed || (bits & ~row[word]) != 0;
      row[word] |= bits;
    };
    for (const StepId id : schema_.members_[member].plan.steps) {
      const Step& step = schema_.steps_[id];
      for (const Hop& hop : step.hops) {
        for (const Hop::Target& target : hop.targets) {
          for (std::size_t w = 0; w < width; ++w) merge(w, schema_.reach_[target.member * width + w]);
        }
      }
      if (step.kind != Step::Kind::direct) continue;
      for (const Form& form : schema_.members_[step.rule].forms) {
        if (form.relation == kItself) merge(form.definition / 64, std::uint64_t{1} << (form.definition % 64));
      }
    }
    return changed;
  }

  MemberId member_id(const Member& member) const {
    return static_cast<MemberId>(&member - schema_.members_.data());
  }

  const ResolvedSchema& source_;
  const Branches& branches_;
  CompiledSchema schema_;
  std::map<std::tuple<DefinitionId, NameId, NameId>, StepId> step_index_;
};

Result<std::shared_ptr<const CompiledSchema>> compile_schema(std::string_view text,
                                                             const SchemaLimits& limits) {
  return compile_schema(text, {}, limits);
}

Result<std::shared_ptr<const CompiledSchema>> compile_schema(std::string_view text,
                                                             std::span<const Fragment> fragments,
                                                             const SchemaLimits& limits) {
  TRY(SourceAst ast, parse_schema(text, limits));
  for (const Fragment& fragment : fragments) TRY(add_fragment(ast, fragment, limits));
  TRY(const ResolvedSchema resolved, resolve_schema(ast));
  TRY(const Branches branches, find_branches(resolved));
  return SchemaCompiler(resolved, branches).run();
}

}  // namespace allauth::policy
