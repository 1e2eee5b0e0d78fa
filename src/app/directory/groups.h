// Groups: folders of clients, channels and further groups.
#pragma once

#include "app/access/gate.h"
#include "app/directory/common.h"
#include "app/directory/erase.h"
#include "app/directory/place.h"
#include "app/lists/list_page.h"
#include "model/entities.h"

namespace allauth::app {

struct NewGroup {
  CommonFields common;
  std::string description;      // parse_description
  std::optional<UserId> owner;  // nothing: the caller, if a user
};

// What is absent stays as it is.
struct GroupChanges {
  CommonChanges common;
  std::optional<std::string> description;
  std::optional<UserId> owner;  // empty: nobody
};

// Errors: conflict name.taken (beside its siblings), group.depth; invalid group.domain; not_found
// user.missing (the owner).
Result<store::Write<PlacedGroup>> create_group(const Core& core, Permit<act::CreateGroup> permit,
                                               NewGroup group);

Result<PlacedGroup> get_group(const Core& core, store::Read& read, const Permit<act::ReadGroup>& permit);

// All groups of a domain, or those at the top of it.
enum class Level { all, top };
Result<Page<PlacedGroup>> list_groups(const Core& core, store::Read& read,
                                      const Permit<act::ListGroups>& permit, Level level,
                                      const ListRequest& request);
// Those that lie in it directly.
Result<Page<PlacedGroup>> list_groups_below(const Core& core, store::Read& read,
                                            const Permit<act::ListGroupsBelow>& permit,
                                            const ListRequest& request);

// A group's groups down to a depth: level by level, at most kMaxTreeGroups of them.
inline constexpr std::size_t kMaxTreeGroups = 1000;
struct GroupTree {
  std::vector<PlacedGroup> groups;  // the group itself is not among them
  bool complete = true;             // false: there are more
};
// depth 1: the groups that lie in it directly; at most kMaxGroupDepth.
Result<GroupTree> read_tree(const Core& core, store::Read& read, const Permit<act::ListGroupsBelow>& permit,
                            std::size_t depth);

Result<Page<Client>> list_clients_of_group(store::Read& read, const Permit<act::ListGroupClients>& permit,
                                           const ListRequest& request);
Result<Page<Channel>> list_channels_of_group(store::Read& read, const Permit<act::ListGroupChannels>& permit,
                                             const ListRequest& request);

// Errors: conflict name.taken, not_found user.missing.
Result<store::Write<PlacedGroup>> update_group(const Core& core, Permit<act::UpdateGroup> permit,
                                               GroupChanges changes, std::optional<Revision> expected);
// What is granted on a disabled group, or reaches through it from above, does not hold.
Result<store::Write<PlacedGroup>> set_group_status(const Core& core, Permit<act::UpdateGroup> permit,
                                                   Status status, std::optional<Revision> expected);

// Puts the group with all below it into another group of its domain, or at the top. Takes the right to
// move it, and to make groups where it goes. Errors: conflict name.taken, group.cycle, group.depth;
// invalid group.domain.
Result<store::Write<PlacedGroup>> move_group(const Core& core, Permit<act::MoveGroup> permit,
                                             Permit<act::CreateGroup> into, std::optional<Revision> expected);

// Erases its roles as well. Refused while groups, clients or channels are in it: conflict
// group.not_empty. Forced, it erases all groups below it, too, and leaves their clients and channels in no
// group; that takes group_delete, client_move and channel_move on it: denied force.denied, conflict
// delete.too_large.
Result<store::Write<store::Done>> delete_group(const Core& core, Permit<act::DeleteGroup> permit,
                                               Deletion how, std::optional<Revision> expected);

}  // namespace allauth::app
