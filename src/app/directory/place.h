// Where things lie in a domain: in a group, or in none. Groups are a tree without cycles.
#pragma once

#include <unordered_map>
#include <vector>

#include "app/access/gate.h"
#include "model/entities.h"
#include "store/read.h"

namespace allauth::app {

// A group at the top of its domain has depth 1. Rights are looked for along the tree, level by level.
inline constexpr std::size_t kMaxGroupDepth = 20;

// Domain and group exist, and the group is in the domain; `field` names the group in the request.
// Errors: not_found object.missing, invalid group.domain.
Result<void> require_container(store::Read& read, const Container& container, std::string_view field);

// The domain that a client, channel or group lies in, with the group that it is to be put into. For
// something that the caller has a permit for.
template <class Id>
Container destination(const Core& core, std::string_view kind, const Id& id, GroupId group) {
  const auto& snapshot = core.now();
  const auto domain = snapshot.thing(kind, id.str()).domain;
  const auto domain_id = domain == store::kNoNode ? std::string() : std::string(snapshot.id(domain));
  return {DomainId::trusted(domain_id), std::move(group)};
}

// The group may lie where its `parent` says, with all that is below it. For a group that is new or about
// to be moved. Errors: those of require_container, conflict group.cycle, conflict group.depth.
Result<void> require_place_in_tree(store::Read& read, const Group& group, bool is_new);

// One group on the way from the top of the tree.
struct PathStep {
  GroupId id;
  std::string name;
};

// A group and the way to it, itself last. The way begins below the nearest group that the caller may not
// read, since names are not for everybody. It is made anew for each answer, so it is right whatever was
// renamed or moved.
struct PlacedGroup {
  Group group;
  std::vector<PathStep> path;
};

// Makes paths for one answer; remembers the groups on them.
class Paths {
 public:
  Paths(const Core& core, store::Read& read, const Caller& caller)
      : core_(core), read_(read), caller_(caller) {}

  Result<PlacedGroup> place(Group group);

 private:
  struct Known {
    std::string name;
    GroupId parent;
    bool readable = false;
  };
  Result<Known> look_up(const GroupId& id);

  const Core& core_;
  store::Read& read_;
  const Caller& caller_;
  std::unordered_map<GroupId, Known> known_;
};

}  // namespace allauth::app
