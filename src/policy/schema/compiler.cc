#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "policy/schema/fragment.h"
#include "policy/schema/linter.h"
#include "policy/schema/own_schema.h"
#include "policy/schema/parser.h"
#include "policy/schema/reach.h"
#include "policy/schema/resolved_schema.h"
#include "policy/schema/schema.h"
#include "policy/schema/schema_rules.h"

namespace allauth::policy {
namespace {

constexpr std::size_t kMaxMembers = 0xFFFF;  // with the parts of gates; a MemberId has 16 bits
constexpr std::size_t kMaxPartText = 256;

// Without the positions in the text. The depth is bounded by SchemaLimits.
Expression expression_of(const ResolvedExpr& expr) {
  using From = ResolvedExpr::Kind;
  using To = Expression::Kind;
  static constexpr std::array<std::pair<From, To>, 7> kKinds = {{{From::nil, To::nil},
                                                                 {From::self, To::self},
                                                                 {From::reference, To::reference},
                                                                 {From::arrow, To::arrow},
                                                                 {From::union_, To::union_},
                                                                 {From::intersection, To::intersection},
                                                                 {From::exclusion, To::exclusion}}};
  const auto kind = std::ranges::find(kKinds, expr.kind, &std::pair<From, To>::first)->second;
  Expression to{.kind = kind == To::arrow && expr.all ? To::every : kind,
                .name = expr.name,
                .target = expr.target,
                .parts = {}};
  for (const ResolvedExpr& part : expr.parts) to.parts.push_back(expression_of(part));
  return to;
}

}  // namespace

class SchemaCompiler {
 public:
  explicit SchemaCompiler(const ResolvedSchema& source) : source_(source) {}

  Result<std::shared_ptr<const CompiledSchema>> run() {
    make_members();
    name_marks_.resize(source_.names.size());
    for (DefinitionId id = 0; id < source_.definitions.size(); ++id) make_relations(id);
    for (MemberId id = 0; id < named_ && schema_.members_.size() <= kMaxMembers; ++id)
      make_operators(id, sources_[id]->expr, false);
    if (schema_.members_.size() > kMaxMembers)
      return fail_at({}, "schema.limit", "too many operands of `&` and `-`");
    step_marks_.resize(schema_.steps_.size());
    for (std::size_t id = 0; id < schema_.members_.size() && !work_.is_too_much(); ++id)
      make_plan(static_cast<MemberId>(id));
    schema_.reach_width_ = words_of(schema_.definitions_.size());
    schema_.reach_ = find_reach(schema_.members_, schema_.steps_, schema_.definitions_.size(), work_);
    find_deniable(schema_.members_, schema_.steps_, work_);
    find_ways_in();
    if (work_.is_too_much())
      return fail_at({}, "schema.limit", "too many ways through its relations and permissions");
    schema_.warnings_ = lint(source_);
    return std::make_shared<const CompiledSchema>(std::move(schema_));
  }

 private:
  void make_members() {
    schema_.names_ = source_.names;
    for (std::size_t id = 1; id < source_.names.size(); ++id)
      schema_.name_index_.emplace(source_.names[id], static_cast<NameId>(id));
    schema_.wildcards_.resize(source_.definitions.size());
    for (const ResolvedDefinition& from : source_.definitions) {
      const auto id = static_cast<DefinitionId>(schema_.definitions_.size());
      if (from.source != nullptr) schema_.definition_index_.emplace(from.name, id);
      CompiledSchema::Definition to{
          .name = from.name, .members = {}, .grant_role = from.grant_role, .ways_in = {}};
      for (const ResolvedMember& member : from.members) {
        to.members.emplace_back(member.name, static_cast<MemberId>(schema_.members_.size()));
        schema_.members_.push_back({.kind = member.kind,
                                    .definition = id,
                                    .name = member.name,
                                    .never_denied = member.never_denied,
                                    .forms = member.forms});
        schema_.expressions_.push_back(expression_of(member.expr));
        sources_.push_back(&member);
        for (const Form& form : member.forms)
          if (form.wildcard) schema_.wildcards_[form.definition] = true;
      }
      std::sort(to.members.begin(), to.members.end());
      schema_.definitions_.push_back(std::move(to));
    }
    named_ = schema_.first_part_ = schema_.members_.size();
  }

  // A step for each relation, used by all plans that need it.
  void make_relations(DefinitionId id) {
    for (const ResolvedMember& source : source_.definitions[id].members) {
      if (source.kind == Member::Kind::permission) continue;
      Step step{.kind = source.kind == Member::Kind::relation ? Step::Kind::direct : Step::Kind::grants,
                .rule = find(id, source.name),
                .relation = source.name};
      for (const Form& form : source.forms)
        if (form.relation != kItself) add_target(step, form, form.relation);
      drop_empty(step);
      const MemberId rule = step.rule;
      relation_steps_.emplace(rule, add(std::move(step)));
    }
  }

  // The steps of arrows, shared by all that say the same, and of gates.
  void make_operators(MemberId owner, const ResolvedExpr& expr, bool apart) {
    switch (expr.kind) {
      case ResolvedExpr::Kind::nil:
        return;
      case ResolvedExpr::Kind::reference:
        if (apart) make_same(owner, find(schema_.members_[owner].definition, expr.name));
        return;
      case ResolvedExpr::Kind::self:
        if (!self_step_) self_step_ = add({.kind = Step::Kind::self, .rule = owner});
        return;
      case ResolvedExpr::Kind::arrow:
        return make_arrow(schema_.members_[owner].definition, expr, apart);
      case ResolvedExpr::Kind::union_:
        for (const ResolvedExpr& part : expr.parts) make_operators(owner, part, apart);
        return;
      case ResolvedExpr::Kind::intersection:
        return make_gate(Step::Kind::all_of, owner, expr, apart);
      case ResolvedExpr::Kind::exclusion:
        return make_gate(Step::Kind::but_not, owner, expr, apart);
    }
  }

  void make_same(MemberId owner, MemberId member) {
    if (schema_.members_[member].kind == Member::Kind::relation || same_steps_.contains(member)) return;
    same_steps_.emplace(member,
                        add({.kind = Step::Kind::same, .rule = owner, .apart = true, .parts = {member}}));
  }

  void make_arrow(DefinitionId id, const ResolvedExpr& expr, bool apart) {
    if (arrow_steps_.contains(key(id, expr, apart))) return;
    Step step{.kind = expr.all ? Step::Kind::every : Step::Kind::arrow,
              .rule = find(id, expr.name),
              .relation = expr.name,
              .target = expr.target,
              .apart = apart};
    for (const Form& form : schema_.members_[step.rule].forms) add_target(step, form, expr.target);
    if (!expr.all) drop_empty(step);
    arrow_steps_.emplace(key(id, expr, apart), add(std::move(step)));
  }

  void make_gate(Step::Kind kind, MemberId owner, const ResolvedExpr& expr, bool apart) {
    Step step{.kind = kind, .rule = owner, .apart = apart};
    for (const ResolvedExpr& part : expr.parts) {
      const bool taken_away = kind == Step::Kind::but_not && !step.parts.empty();
      step.parts.push_back(make_part(owner, part, apart || taken_away));
    }
    gate_steps_.emplace(&expr, add(std::move(step)));
  }

  MemberId make_part(MemberId owner, const ResolvedExpr& expr, bool apart) {
    const DefinitionId definition = schema_.members_[owner].definition;
    if (expr.kind == ResolvedExpr::Kind::reference) return find(definition, expr.name);
    const std::size_t id = schema_.members_.size();
    schema_.members_.push_back(
        {.kind = Member::Kind::part, .definition = definition, .name = schema_.members_[owner].name});
    parts_.push_back({&expr, apart});
    schema_.part_texts_.push_back(part_text(expr));
    make_operators(owner, expr, apart);
    return static_cast<MemberId>(id);  // run() refuses what does not fit
  }

  std::string part_text(const ResolvedExpr& expr) {
    if (work_.is_too_much()) return {};
    std::string text = text_of(expr);
    work_.spend(text.size());
    if (text.size() > kMaxPartText) text = text.substr(0, kMaxPartText) + "…";
    return text;
  }

  // As it would be written.
  std::string text_of(const ResolvedExpr& expr) const {
    const auto joined = [&](std::string_view sign) {
      std::string text = "(";
      for (const ResolvedExpr& part : expr.parts) {
        if (text.size() > 1) text += sign;
        text += text_of(part);
      }
      return text + ")";
    };
    switch (expr.kind) {
      case ResolvedExpr::Kind::nil:
        return "nil";
      case ResolvedExpr::Kind::self:
        return "self";
      case ResolvedExpr::Kind::reference:
        return schema_.names_[expr.name];
      case ResolvedExpr::Kind::arrow:
        return expr.all ? fmt::format("{}.all({})", schema_.name(expr.name), schema_.name(expr.target))
                        : fmt::format("{}->{}", schema_.name(expr.name), schema_.name(expr.target));
      case ResolvedExpr::Kind::union_:
        return joined(" + ");
      case ResolvedExpr::Kind::intersection:
        return joined(" & ");
      case ResolvedExpr::Kind::exclusion:
        return joined(" - ");
    }
    return {};
  }

  void add_target(Step& step, const Form& form, NameId asked) {
    work_.spend(CompileWork::kEntry + step.hops.size());
    if (work_.is_too_much()) return;
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
      hop->targets.push_back({form.definition, schema_.id(*member)});
  }
  static void drop_empty(Step& step) {
    std::erase_if(step.hops, [](const Hop& hop) { return hop.targets.empty(); });
  }

  StepId add(Step step) {
    schema_.steps_.push_back(std::move(step));
    return static_cast<StepId>(schema_.steps_.size() - 1);
  }

  void make_plan(MemberId id) {
    Plan plan = close(id);
    const auto rank = [&](StepId step) {
      const Step& s = schema_.steps_[step];
      return std::tuple(s.kind, s.kind == Step::Kind::direct && !s.hops.empty(), step);
    };
    std::sort(plan.steps.begin(), plan.steps.end(), [&](StepId a, StepId b) { return rank(a) < rank(b); });
    std::sort(plan.names.begin(), plan.names.end());
    join_grants(plan);
    Member& member = schema_.members_[id];
    member.direct_only = member.kind == Member::Kind::relation && schema_.steps_[plan.steps[0]].hops.empty();
    member.plan = std::move(plan);
  }

  void join_grants(Plan& plan) const {
    for (const StepId id : plan.steps) {
      const Step& step = schema_.steps_[id];
      const bool is_grant = step.kind == Step::Kind::grants;
      if (!is_grant || plan.actions.empty()) plan.ways.push_back(id);
      if (!is_grant) continue;
      plan.actions.resize(std::max(plan.actions.size(), std::size_t{step.relation} / 8 + 1));
      plan.actions[step.relation / 8] |= static_cast<char>(1 << (step.relation % 8));
    }
  }

  // Follows references on the same object until only relations, arrows and gates are left.
  Plan close(MemberId start) {
    Plan plan;
    ++mark_;
    std::vector<const ResolvedExpr*> todo;
    bool apart = false;
    if (start < named_) {
      add_member(start, plan, todo);
    } else {
      todo.push_back(parts_[start - named_].expr);
      apart = parts_[start - named_].apart;
    }
    for (std::size_t i = 0; i < todo.size() && !work_.is_too_much(); ++i)
      add_expr(*todo[i], schema_.members_[start].definition, apart, plan, todo);
    return plan;
  }

  void add_member(MemberId id, Plan& plan, std::vector<const ResolvedExpr*>& todo) {
    const NameId name = schema_.members_[id].name;
    if (std::exchange(name_marks_[name], mark_) == mark_) return;
    work_.spend(CompileWork::kEntry);
    plan.names.push_back(name);
    if (schema_.members_[id].kind == Member::Kind::permission)
      todo.push_back(&sources_[id]->expr);
    else
      add_step(relation_steps_.at(id), plan);
  }

  void add_expr(const ResolvedExpr& expr, DefinitionId definition, bool apart, Plan& plan,
                std::vector<const ResolvedExpr*>& todo) {
    work_.spend(1);
    switch (expr.kind) {
      case ResolvedExpr::Kind::nil:
        return;
      case ResolvedExpr::Kind::self:
        return add_step(*self_step_, plan);
      case ResolvedExpr::Kind::reference: {
        if (!apart && name_marks_[expr.name] == mark_) return;
        const MemberId member = find(definition, expr.name);
        const auto same = apart ? same_steps_.find(member) : same_steps_.end();
        if (same != same_steps_.end()) return add_step(same->second, plan);
        return add_member(member, plan, todo);
      }
      case ResolvedExpr::Kind::arrow:
        return add_step(arrow_steps_.at(key(definition, expr, apart)), plan);
      case ResolvedExpr::Kind::union_:
        for (const ResolvedExpr& part : expr.parts) todo.push_back(&part);
        return;
      case ResolvedExpr::Kind::intersection:
      case ResolvedExpr::Kind::exclusion:
        return add_step(gate_steps_.at(&expr), plan);
    }
  }

  void add_step(StepId step, Plan& plan) {
    if (std::exchange(step_marks_[step], mark_) == mark_) return;
    work_.spend(CompileWork::kEntry);
    plan.steps.push_back(step);
  }

  void find_ways_in() {
    const auto closed = schema_.find_name("closed");
    const auto can_enter = schema_.find_name("can_enter");
    if (!closed || !can_enter) return;
    schema_.closed_ = *closed;
    schema_.can_enter_ = *can_enter;
    for (DefinitionId id = 0; id < source_.definitions.size(); ++id) {
      const ResolvedMember* entrance = source_.definitions[id].find(*can_enter);
      if (entrance == nullptr) continue;
      for_each_part(entrance->expr, [&](const ResolvedExpr& part) {
        if (part.kind != ResolvedExpr::Kind::arrow || part.target != *can_enter) return;
        Step step{.kind = Step::Kind::arrow, .rule = find(id, part.name), .relation = part.name};
        for (const Form& form : schema_.members_[step.rule].forms) add_target(step, form, *can_enter);
        drop_empty(step);
        auto& ways = schema_.definitions_[id].ways_in;
        ways.insert(ways.end(), step.hops.begin(), step.hops.end());
      });
    }
  }

  MemberId find(DefinitionId definition, NameId name) const {
    return schema_.id(*schema_.find_member(definition, name));
  }

  struct Part {
    const ResolvedExpr* expr;
    bool apart;
  };
  using ArrowKey = std::tuple<DefinitionId, NameId, NameId, bool, bool>;
  static ArrowKey key(DefinitionId id, const ResolvedExpr& expr, bool apart) {
    return {id, expr.name, expr.target, expr.all, apart};
  }

  const ResolvedSchema& source_;
  CompiledSchema schema_;
  std::size_t named_ = 0;                       // members with a name come first, then parts
  std::vector<const ResolvedMember*> sources_;  // of the named members
  std::vector<Part> parts_;
  std::map<MemberId, StepId> relation_steps_;
  std::map<MemberId, StepId> same_steps_;
  std::map<ArrowKey, StepId> arrow_steps_;
  std::map<const ResolvedExpr*, StepId> gate_steps_;
  std::optional<StepId> self_step_;
  CompileWork work_;
  // The plan that a name or step was last added to, by its number from 1.
  std::uint32_t mark_ = 0;
  std::vector<std::uint32_t> name_marks_;
  std::vector<std::uint32_t> step_marks_;
};

Result<std::shared_ptr<const CompiledSchema>> compile_schema(const SchemaSource& source,
                                                             const SchemaLimits& limits) {
  const bool alone = source.own.empty();
  TRY(SourceAst ast, parse_schema(source.text, limits, alone ? std::string_view() : source.name));
  for (const Fragment& fragment : source.fragments) TRY(add_fragment(ast, fragment, limits));
  if (!alone) TRY(add_own(ast, source.own, limits));
  TRY(const ResolvedSchema resolved, resolve_schema(ast, source.before));
  TRY(auto compiled, SchemaCompiler(resolved).run());
  TRY(check_annotations(resolved, *compiled));
  return compiled;
}

Result<std::shared_ptr<const CompiledSchema>> compile_schema(std::string_view text,
                                                             const SchemaLimits& limits) {
  return compile_schema(SchemaSource{.text = text}, limits);
}

}  // namespace allauth::policy
