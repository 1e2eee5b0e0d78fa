#include "policy/schema/linter.h"

#include <map>
#include <utility>

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
          if (part.kind == ResolvedExpr::Kind::arrow) look_at_arrow(definition, part);
        });
      }
      oddities_.clear();
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

  // Of an arrow: nothing is there, a relation is there, it starts at usersets.
  struct Oddities {
    bool missing = true;
    bool stored = false;
    bool usersets = false;
  };
  Oddities oddities_of(const ResolvedMember& left, NameId wanted) const {
    Oddities found;
    for (const Form& form : left.forms) {
      const ResolvedMember* target = schema_.definitions[form.definition].find(wanted);
      found.missing = found.missing && target == nullptr;
      found.stored = found.stored || (target != nullptr && target->kind == Member::Kind::relation);
      found.usersets = found.usersets || form.relation != kItself;
    }
    return found;
  }

  void look_at_arrow(const ResolvedDefinition& definition, const ResolvedExpr& arrow) {
    const auto [known, fresh] = oddities_.try_emplace({arrow.name, arrow.target});
    Oddities& odd = known->second;
    if (fresh) odd = oddities_of(*definition.find(arrow.name), arrow.target);
    const std::string_view from = name(arrow.name);
    const std::string_view to = name(arrow.target);
    if (odd.missing) warn(arrow.at, fmt::format("nothing that `{}` points to has `{}`", from, to));
    if (odd.stored)
      warn(arrow.at, fmt::format("`{}` is a relation where `{}` points to; ask for a permission", to, from));
    if (odd.usersets)
      warn(arrow.at,
           fmt::format("`{}` also takes usersets, and an arrow ignores what stands behind their #", from));
  }

  void warn(Position at, std::string_view message) {
    if (warnings_.size() < kMostWarnings) warnings_.push_back(fmt::format("{}: {}", to_string(at), message));
  }

  std::string_view name(NameId id) const { return schema_.names[id]; }

  const ResolvedSchema& schema_;
  std::map<std::pair<NameId, NameId>, Oddities> oddities_;  // of the arrows of one definition
  std::vector<std::string> warnings_;
};

}  // namespace

std::vector<std::string> lint(const ResolvedSchema& schema) { return Linter(schema).run(); }

}  // namespace allauth::policy
