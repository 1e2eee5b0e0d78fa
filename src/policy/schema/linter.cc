#include "policy/schema/linter.h"

#include <algorithm>

#include <fmt/format.h>

namespace allauth::policy {
namespace {

constexpr std::size_t kMostWarnings = 100;

class Linter {
 public:
  explicit Linter(const ResolvedSchema& schema) : schema_(schema) {}

  std::vector<std::string> run() {
    for (const ResolvedDefinition& definition : schema_.definitions) {
      for (const ResolvedMember& member : definition.members) {
        look_at_name(definition, member);
        for_each_part(member.expr, [&](const ResolvedExpr& part) {
          if (part.kind == ResolvedExpr::Kind::reference && part.name == member.name)
            warn(part.at, fmt::format("`{}` refers to itself", name(member.name)));
          if (part.kind == ResolvedExpr::Kind::arrow) look_at_arrow(*definition.find(part.name), part);
        });
      }
    }
    return std::move(warnings_);
  }

 private:
  void look_at_name(const ResolvedDefinition& definition, const ResolvedMember& member) {
    const std::string_view path = definition.name;
    const std::string_view kind = path.substr(path.rfind('/') + 1);
    if (name(member.name).ends_with(fmt::format("_{}", kind)))
      warn(member.at, fmt::format("`{}` repeats the name of its definition", name(member.name)));
  }

  void look_at_arrow(const ResolvedMember& left, const ResolvedExpr& arrow) {
    bool found = false;
    bool stored = false;
    for (const Form& form : left.forms) {
      const ResolvedMember* target = schema_.definitions[form.definition].find(arrow.target);
      found = found || target != nullptr;
      stored = stored || (target != nullptr && target->kind == Member::Kind::relation);
    }
    const std::string_view from = name(arrow.name);
    const std::string_view to = name(arrow.target);
    if (!found) warn(arrow.at, fmt::format("nothing that `{}` points to has `{}`", from, to));
    if (stored)
      warn(arrow.at, fmt::format("`{}` is a relation where `{}` points to; ask for a permission", to, from));
    if (std::any_of(left.forms.begin(), left.forms.end(),
                    [](const Form& form) { return form.relation != kItself; }))
      warn(arrow.at,
           fmt::format("`{}` also takes usersets, and an arrow ignores what stands behind their #", from));
  }

  void warn(Position at, std::string_view message) {
    if (warnings_.size() < kMostWarnings) warnings_.push_back(fmt::format("{}: {}", to_string(at), message));
  }

  std::string_view name(NameId id) const { return schema_.names[id]; }

  const ResolvedSchema& schema_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::vector<std::string> lint(const ResolvedSchema& schema) { return Linter(schema).run(); }

}  // namespace allauth::policy
