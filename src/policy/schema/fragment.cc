#include "policy/schema/fragment.h"

#include <algorithm>

#include "policy/schema/parser.h"

namespace allauth::policy {
namespace {

std::unexpected<Error> fragment_error(Position at, std::string_view message) {
  return fail_at(at, "schema.fragment", message);
}

class FragmentMerger {
 public:
  FragmentMerger(SourceAst& schema, std::string_view name, const SchemaLimits& limits)
      : schema_(schema), name_(name), limits_(limits) {}

  Result<void> merge(SourceAst from) {
    TRY(require_definitions_only(from));
    for (SourceDefinition& definition : from.definitions) TRY(merge(std::move(definition)));
    return {};
  }

 private:
  Result<void> merge(SourceDefinition from) {
    TRY(require_permissions_only(from));
    const auto to = std::ranges::find(schema_.definitions, from.name, &SourceDefinition::name);
    if (to == schema_.definitions.end())
      return fragment_error(from.at, fmt::format("the schema has no definition `{}` to add to", from.name));
    for (SourcePermission& permission : from.permissions) {
      TRY(require_prefix(permission));
      to->permissions.push_back(std::move(permission));
    }
    if (to->relations.size() + to->permissions.size() <= limits_.members) return {};
    return fail_at(from.at, "schema.limit",
                   fmt::format("more than {} relations and permissions", limits_.members));
  }

  Result<void> require_definitions_only(const SourceAst& from) const {
    constexpr std::string_view kWhy = "a fragment consists of definitions only";
    if (!from.partials.empty()) return fragment_error(from.partials.front().at, kWhy);
    if (!from.caveats.empty()) return fragment_error(from.caveats.front().at, kWhy);
    if (!from.imports.empty()) return fragment_error(from.imports.front().at, kWhy);
    return {};
  }

  Result<void> require_permissions_only(const SourceDefinition& from) const {
    constexpr std::string_view kWhy = "a fragment adds permissions only; this belongs to the schema itself";
    if (!from.relations.empty()) return fragment_error(from.relations.front().at, kWhy);
    if (!from.partials.empty()) return fragment_error(from.partials.front().at, kWhy);
    return {};
  }

  Result<void> require_prefix(const SourcePermission& permission) const {
    const std::string prefix = fmt::format("{}_", name_);
    if (permission.name.starts_with(prefix) && permission.name.size() > prefix.size()) return {};
    return fragment_error(
        permission.at,
        fmt::format("`{}` has to begin with `{}`, as all that this fragment adds", permission.name, prefix));
  }

  SourceAst& schema_;
  std::string_view name_;
  const SchemaLimits& limits_;
};

}  // namespace

Result<void> add_fragment(SourceAst& schema, const Fragment& fragment, const SchemaLimits& limits) {
  TRY(SourceAst parsed, parse_schema(fragment.text, limits, fragment.name));
  return FragmentMerger(schema, fragment.name, limits).merge(std::move(parsed));
}

}  // namespace allauth::policy
