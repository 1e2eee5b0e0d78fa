#include "policy/testing/lookups.h"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/ranges.h>

#include "policy/lookup_resources.h"
#include "policy/lookup_subjects.h"

namespace allauth::policy {
namespace {

using Ids = std::set<std::string>;

const ResolvedDefinition& definition(const World& world, std::string_view kind) {
  const auto& all = world.language().definitions;
  return *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == kind; });
}

// All that are known of the kind, and one more.
Ids ids_of(World& world, const ObjectRef& more, std::string_view kind) {
  Ids ids;
  if (more.kind == kind) ids.emplace(more.id);
  for (const ObjectRef& object : world.oracle().objects())
    if (object.kind == kind) ids.emplace(object.id);
  return ids;
}

// Empty, or what is wrong with the page and with those that are a part of it.
using Ask = std::function<Result<IdPage>(const PageRequest&)>;
std::string compare_pages(const Ask& ask, const Ids& expected) {
  const auto whole = ask({.limit = 100'000, .total = true});
  if (!whole) return whole.error().message;
  const std::vector<std::string> sorted(expected.begin(), expected.end());
  if (whole->ids != sorted) return fmt::format("{} instead of {}", whole->ids, sorted);
  if (whole->total != sorted.size() || whole->next) return "the whole is not counted as it is listed";
  std::vector<std::string> joined;
  PageRequest request{.limit = 2};
  for (;;) {
    const auto page = ask(request);
    if (!page) return page.error().message;
    joined.insert(joined.end(), page->ids.begin(), page->ids.end());
    if (!page->next) break;
    if (page->ids.size() != 2) return "a page that is followed by another is not full";
    request.after = page->next;
  }
  return joined == sorted ? "" : fmt::format("in pages {} instead of {}", joined, sorted);
}

std::string compare_subjects(World& world, const SubjectQuery& query) {
  const auto page = lookup_subjects(world.graph(), 1, query);
  if (!page) return page.error().message;
  const auto holds = [&](std::string_view id) {
    return world.oracle().ask({{query.kind, id}, query.relation}, query.permission, query.object) ==
           Oracle::Truth::yes;
  };
  const Ids named(page->named.ids.begin(), page->named.ids.end());
  const Ids excluded(page->excluded.begin(), page->excluded.end());
  const Ids known = ids_of(world, query.object, query.kind);
  for (const std::string& id : known) {
    const bool listed = named.contains(id) || (page->everyone && !excluded.contains(id));
    if (listed != holds(id) || (named.contains(id) && excluded.contains(id)))
      return fmt::format("{} should {}hold it: named {}, everyone {}, excluded {}", id,
                         holds(id) ? "" : "not ", named, page->everyone, excluded);
  }
  for (const Ids& some : {named, excluded})
    if (!std::ranges::includes(known, some)) return fmt::format("unknown ones among {}", some);
  if (page->everyone != holds("nobody-names-me")) return fmt::format("everyone: {}", page->everyone);
  Ids all = named;
  all.insert(excluded.begin(), excluded.end());
  return compare_pages(
      [&](const PageRequest& request) -> Result<IdPage> {
        SubjectQuery part = query;
        part.page = request;
        TRY(SubjectPage found, lookup_subjects(world.graph(), 1, part));
        IdPage both = std::move(found.named);
        if (!std::ranges::all_of(both.ids, [&](const auto& id) { return named.contains(id); }))
          both.ids.clear();
        both.ids.insert(both.ids.end(), found.excluded.begin(), found.excluded.end());
        std::ranges::sort(both.ids);
        return both;
      },
      all);
}

}  // namespace

std::string resources_difference(World& world, const SubjectRef& subject) {
  const Graph graph = world.graph();
  for (const ResolvedDefinition& one : world.language().definitions) {
    const Ids known = ids_of(world, subject.object, one.name);
    for (const ResolvedMember& member : one.members) {
      const std::string& permission = world.language().names[member.name];
      Ids expected;
      for (const std::string& id : known)
        if (world.oracle().ask(subject, permission, {one.name, id}) == Oracle::Truth::yes)
          expected.insert(id);
      const std::string wrong = compare_pages(
          [&](const PageRequest& request) {
            return lookup_resources(
                graph, 1, {.subject = subject, .permission = permission, .kind = one.name, .page = request});
          },
          expected);
      if (!wrong.empty())
        return fmt::format("{}#{} for {}:{}#{}: {}", one.name, permission, subject.object.kind,
                           subject.object.id, subject.relation, wrong);
    }
  }
  return {};
}

std::string subjects_difference(World& world, const ObjectRef& object, std::string_view kind,
                                std::string_view relation) {
  for (const ResolvedMember& member : definition(world, object.kind).members) {
    const std::string& permission = world.language().names[member.name];
    const std::string wrong = compare_subjects(
        world, {.object = object, .permission = permission, .kind = kind, .relation = relation});
    if (!wrong.empty())
      return fmt::format("{}:{}#{} for {}#{}: {}", object.kind, object.id, permission, kind, relation, wrong);
  }
  return {};
}

}  // namespace allauth::policy
