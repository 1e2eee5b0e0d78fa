#include "policy/testing/world.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "policy/schema/parser.h"

namespace allauth::policy {
namespace {

std::string print(const SubjectRef& subject) {
  return fmt::format("{}:{}{}{}", subject.object.kind, subject.object.id, subject.relation.empty() ? "" : "#",
                     subject.relation);
}

}  // namespace

Result<std::unique_ptr<World>> World::make(std::string_view schema) {
  TRY(const SourceAst ast, parse_schema(schema, {}));
  TRY(ResolvedSchema language, resolve_schema(ast));
  TRY(auto compiled, compile_schema(schema));
  return std::unique_ptr<World>(new World(std::move(language), std::move(compiled)));
}

Result<bool> World::relate(const Edge& edge) {
  TRY(const bool fresh, editor_.add(edge));
  if (!fresh) return false;
  oracle_.relate(edge);
  facts_.push_back(
      fmt::format("{}:{}#{}@{}", edge.resource.kind, edge.resource.id, edge.relation, print(edge.subject)));
  return true;
}

Result<bool> World::grant(const ObjectRef& object, std::string_view role, Effect effect,
                          const std::vector<std::string_view>& actions) {
  TRY(const bool fresh, editor_.set_grants(object, role, effect, actions));
  if (!fresh) return false;
  oracle_.grant(object, role, effect, actions);
  facts_.push_back(fmt::format("{} {} on {}:{} to {}", effect == Effect::allow ? "grant" : "deny",
                               fmt::join(actions, ", "), object.kind, object.id, role));
  return true;
}

std::string World::difference(const SubjectRef& subject) {
  const Engine engine;
  const Graph graph = this->graph();
  for (const ObjectRef& object : oracle_.objects()) {
    const auto definition =
        std::find_if(language_.definitions.begin(), language_.definitions.end(),
                     [&](const ResolvedDefinition& one) { return one.name == object.kind; });
    for (const ResolvedMember& member : definition->members) {
      std::string differs = compare(
          engine, graph, {.subject = subject, .permission = language_.names[member.name], .object = object});
      if (!differs.empty()) return differs;
    }
  }
  return {};
}

std::string World::compare(const Engine& engine, const Graph& graph, const CheckQuery& query) {
  const Oracle::Truth truth = oracle_.ask(query.subject, query.permission, query.object);
  const bool expected = truth == Oracle::Truth::yes;
  ++(expected ? counts_.yes : truth == Oracle::Truth::no ? counts_.no : counts_.undefined);
  const std::string what = fmt::format("{}:{}#{}@{} should be {}", query.object.kind, query.object.id,
                                       query.permission, print(query.subject), expected ? "yes" : "no");
  const auto decision = engine.check(graph, 1, query);
  if (!decision) return fmt::format("{}: {}", what, decision.error().message);
  constexpr Limits kFromBothSides{.look_back_at = 1};
  CheckQuery from_both_sides = query;
  from_both_sides.limits = &kFromBothSides;
  const auto same = engine.check(graph, 1, from_both_sides);
  if (!same) return fmt::format("{}, from both sides: {}", what, same.error().message);
  if (same->allowed() != decision->allowed())
    return fmt::format("{}, from both sides {}", what, same->allowed());
  const auto explanation = engine.explain(graph, 1, query);
  if (!explanation) return fmt::format("{}, explained: {}", what, explanation.error().message);
  std::string why = fmt::format("{}\n{}", what, fmt::join(explanation->lines(), "\n"));
  if (decision->allowed() != expected) return why;
  if (explanation->decision.allowed() != expected || explanation->decision.rule() != decision->rule())
    return fmt::format("check and explain disagree: {}", why);
  return {};
}

}  // namespace allauth::policy
