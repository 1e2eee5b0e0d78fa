#include "app/directory/place.h"

#include <algorithm>

#include "app/directory/change.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

std::unexpected<Error> broken_tree() {
  return fail(Code::bug, "group.tree", "The groups of a domain are no tree any more.");
}

}  // namespace

Result<void> require_container(store::Read& read, const Container& container, std::string_view field) {
  if (container.group().empty()) {
    TRY(require_row<Domain>(read, container.domain()));
    return {};
  }
  // The caller may see the group, and perhaps not the domain: whether that exists must not be told.
  TRY(const auto group, require_row<Group>(read, container.group()));
  if (group.domain == container.domain()) return {};
  return fail(Code::invalid, "group.domain", "This group is in another domain.", std::string(field));
}

Result<void> require_place_in_tree(store::Read& read, const Group& group, bool is_new) {
  TRY(require_container(read, {group.domain, group.parent}, "parent_id"));
  std::int64_t above = 0;
  for (GroupId at = group.parent; !at.empty(); ++above) {
    if (at == group.id)
      return fail(Code::conflict, "group.cycle", "A group cannot lie in itself or below itself.",
                  "parent_id");
    if (above >= static_cast<std::int64_t>(kMaxGroupDepth)) return broken_tree();
    TRY(auto parent, require_row<Group>(read, at));
    at = std::move(parent.parent);
  }
  std::int64_t levels = 1;
  if (!is_new) {
    TRY(levels, store::count(read, store::lookup::kLevelsBelowGroup, group.id, group.domain,
                             static_cast<std::int64_t>(kMaxGroupDepth)));
  }
  if (above + levels <= static_cast<std::int64_t>(kMaxGroupDepth)) return {};
  return fail(Code::conflict, "group.depth",
              fmt::format("Groups lie at most {} deep in one another.", kMaxGroupDepth), "parent_id");
}

Result<PlacedGroup> Paths::place(Group group) {
  std::vector<PathStep> path{{group.id, group.name}};
  for (GroupId at = group.parent; !at.empty();) {
    if (path.size() > kMaxGroupDepth) return broken_tree();
    TRY(const auto known, look_up(at));
    if (!known.readable) break;
    path.push_back({at, known.name});
    at = known.parent;
  }
  std::ranges::reverse(path);
  return PlacedGroup{std::move(group), std::move(path)};
}

Result<Paths::Known> Paths::look_up(const GroupId& id) {
  if (const auto found = known_.find(id); found != known_.end()) return found->second;
  TRY(auto row, require_row<Group>(read_, id));
  const bool readable = Gate(core_).allows(caller_, act::ReadGroup::permission, {kind::group, id.str()});
  return known_.emplace(id, Known{std::move(row.name), std::move(row.parent), readable}).first->second;
}

}  // namespace allauth::app
