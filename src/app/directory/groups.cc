#include "app/directory/groups.h"

#include "app/directory/change.h"
#include "app/lists/covered_rows.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

Result<void> require_free_name(store::Read& read, const Group& group) {
  TRY(const auto same,
      store::select_one<Group>(read, store::lookup::kGroupByName, group.domain, group.parent, group.name));
  if (!same || same->id == group.id) return {};
  return fail(Code::conflict, "name.taken", "Another group beside it has this name.", "name");
}

Result<void> require_owner_exists(store::Read& read, const UserId& owner) {
  if (owner.empty()) return {};
  TRY(const auto user, store::find<User>(read, owner));
  if (user) return {};
  return fail(Code::not_found, "user.missing", "There is no such user.", "owner_id");
}

UserId default_owner(const Caller& caller) {
  const auto& who = caller.who.principal;
  return who.kind == PrincipalKind::user ? UserId::trusted(who.id) : UserId();
}

store::Act group_act(const Caller& caller, std::string_view slug, const Group& group) {
  return act_of(caller, slug, kind::group, group.id.str(), group.domain.str());
}

void apply_changes(Group& group, const GroupChanges& changes) {
  if (changes.description) group.description = *changes.description;
  if (changes.owner) group.owner = *changes.owner;
  change_common(group, changes.common);
}

Result<Page<PlacedGroup>> placed_page(const Core& core, store::Read& read, const Caller& caller,
                                      Page<Group> page) {
  Page<PlacedGroup> placed{.items = {}, .next_token = std::move(page.next_token), .total = page.total};
  Paths paths(core, read, caller);
  for (auto& group : page.items) {
    TRY(auto item, paths.place(std::move(group)));
    placed.items.push_back(std::move(item));
  }
  return placed;
}

}  // namespace

Result<store::Write<PlacedGroup>> create_group(const Core& core, Permit<act::CreateGroup> permit,
                                               NewGroup fresh) {
  Group group{.id = GroupId::trusted(core.ids.next()),
              .domain = permit.object().domain(),
              .parent = permit.object().group(),
              .description = std::move(fresh.description),
              .owner = fresh.owner.value_or(default_owner(permit.caller()))};
  set_common(group, std::move(fresh.common));
  return guarded<PlacedGroup>(
      core, std::move(permit),
      [&core, prepared = std::move(group)](store::Tx& tx, const auto& p) -> Result<PlacedGroup> {
        Group group = prepared;
        TRY(require_place_in_tree(tx, group, true));
        TRY(require_free_name(tx, group));
        TRY(require_owner_exists(tx, group.owner));
        group.stamp = fresh_stamp(tx, p.caller());
        TRY(store::insert(tx, group));
        tx.act(group_act(p.caller(), "group.created", group));
        return Paths(core, tx, p.caller()).place(std::move(group));
      });
}

Result<PlacedGroup> get_group(const Core& core, store::Read& read, const Permit<act::ReadGroup>& permit) {
  TRY(auto group, require_row<Group>(read, permit.object()));
  return Paths(core, read, permit.caller()).place(std::move(group));
}

Result<Page<PlacedGroup>> list_groups(const Core& core, store::Read& read,
                                      const Permit<act::ListGroups>& permit, Level level,
                                      const ListRequest& request) {
  const auto& domain = permit.object();
  const Listed listed{kind::group, domain.str()};
  const auto belongs = [&](const Group& group) {
    return group.domain == domain && (level == Level::all || group.parent.empty());
  };
  TRY(auto page, level == Level::all
                     ? list_covered<Group>(read, permit.caller(), listed, belongs,
                                           store::list::groups_of_domain(), request, domain)
                     : list_covered<Group>(read, permit.caller(), listed, belongs,
                                           store::list::groups_of_parent(), request, domain, GroupId()));
  return placed_page(core, read, permit.caller(), std::move(page));
}

Result<Page<PlacedGroup>> list_groups_below(const Core& core, store::Read& read,
                                            const Permit<act::ListGroupsBelow>& permit,
                                            const ListRequest& request) {
  TRY(const auto group, require_row<Group>(read, permit.object()));
  TRY(auto page, list_covered<Group>(
                     read, permit.caller(), {kind::group, group.domain.str()},
                     [&](const Group& other) { return other.parent == group.id; },
                     store::list::groups_of_parent(), request, group.domain, group.id));
  return placed_page(core, read, permit.caller(), std::move(page));
}

Result<GroupTree> read_tree(const Core& core, store::Read& read, const Permit<act::ListGroupsBelow>& permit,
                            std::size_t depth) {
  TRY(const auto top, require_row<Group>(read, permit.object()));
  const auto covered = covered_for(permit.caller(), {kind::group, top.domain.str()});
  GroupTree tree;
  Paths paths(core, read, permit.caller());
  std::vector<GroupId> level{top.id};
  for (std::size_t deep = 0; deep < depth && !level.empty(); ++deep) {
    std::vector<GroupId> next;
    for (const auto& parent : level) {
      const std::size_t room = kMaxTreeGroups - tree.groups.size();
      TRY(auto rows, store::select<Group>(read, store::lookup::kGroupsOfParent, top.domain, parent,
                                          std::string(), room + 1));
      tree.complete = rows.size() <= room;
      if (!tree.complete) rows.resize(room);
      for (auto& row : rows) {
        next.push_back(row.id);
        if (!covered.has(row.id.str())) continue;
        TRY(auto placed, paths.place(std::move(row)));
        tree.groups.push_back(std::move(placed));
      }
      if (!tree.complete) return tree;
    }
    level = std::move(next);
  }
  return tree;
}

Result<Page<Client>> list_clients_of_group(store::Read& read, const Permit<act::ListGroupClients>& permit,
                                           const ListRequest& request) {
  TRY(const auto group, require_row<Group>(read, permit.object()));
  return list_covered<Client>(
      read, permit.caller(), {kind::client, group.domain.str()},
      [&](const Client& client) { return client.group == group.id; }, store::list::clients_of_group(),
      request, group.id);
}

Result<Page<Channel>> list_channels_of_group(store::Read& read, const Permit<act::ListGroupChannels>& permit,
                                             const ListRequest& request) {
  TRY(const auto group, require_row<Group>(read, permit.object()));
  return list_covered<Channel>(
      read, permit.caller(), {kind::channel, group.domain.str()},
      [&](const Channel& channel) { return channel.group == group.id; }, store::list::channels_of_group(),
      request, group.id);
}

Result<store::Write<PlacedGroup>> update_group(const Core& core, Permit<act::UpdateGroup> permit,
                                               GroupChanges changes, std::optional<Revision> expected) {
  return guarded<PlacedGroup>(
      core, std::move(permit),
      [&core, changes = std::move(changes), expected](store::Tx& tx, const auto& p) -> Result<PlacedGroup> {
        TRY(auto group, require_row<Group>(tx, p.object()));
        TRY(group, change_row(tx, p.caller(), std::move(group), expected, [&](Group& row) -> Result<void> {
              apply_changes(row, changes);
              if (changes.owner) TRY(require_owner_exists(tx, row.owner));
              return require_free_name(tx, row);
            }));
        tx.act(group_act(p.caller(), "group.updated", group));
        return Paths(core, tx, p.caller()).place(std::move(group));
      });
}

Result<store::Write<PlacedGroup>> set_group_status(const Core& core, Permit<act::UpdateGroup> permit,
                                                   Status status, std::optional<Revision> expected) {
  return guarded<PlacedGroup>(
      core, std::move(permit),
      [&core, status, expected](store::Tx& tx, const auto& p) -> Result<PlacedGroup> {
        TRY(auto group, require_row<Group>(tx, p.object()));
        TRY(group, change_row(tx, p.caller(), std::move(group), expected, [&](Group& row) -> Result<void> {
              row.status = status;
              return {};
            }));
        tx.act(group_act(p.caller(), status == Status::enabled ? "group.enabled" : "group.disabled", group));
        return Paths(core, tx, p.caller()).place(std::move(group));
      });
}

Result<store::Write<PlacedGroup>> move_group(const Core& core, Permit<act::MoveGroup> permit,
                                             Permit<act::CreateGroup> into,
                                             std::optional<Revision> expected) {
  auto held = std::make_shared<Permit<act::CreateGroup>>(std::move(into));
  return guarded<PlacedGroup>(
      core, std::move(permit), [&core, held, expected](store::Tx& tx, const auto& p) -> Result<PlacedGroup> {
        TRY(Gate(core).confirm(*held));
        TRY(auto group, require_row<Group>(tx, p.object()));
        TRY(group, change_row(tx, p.caller(), std::move(group), expected, [&](Group& row) -> Result<void> {
              row.parent = held->object().group();
              TRY(require_place_in_tree(tx, row, false));
              return require_free_name(tx, row);
            }));
        tx.act(group_act(p.caller(), "group.moved", group));
        return Paths(core, tx, p.caller()).place(std::move(group));
      });
}

Result<store::Write<store::Done>> delete_group(const Core& core, Permit<act::DeleteGroup> permit,
                                               Deletion how, std::optional<Revision> expected) {
  return guarded<store::Done>(
      core, std::move(permit), [&core, how, expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
        constexpr std::string_view kForceTakes[] = {"can_group_delete", "can_client_move",
                                                    "can_channel_move"};
        TRY(const auto group, require_row<Group>(tx, p.object()));
        TRY(check_revision(group.stamp, expected));
        if (how == Deletion::forced)
          TRY(require_force(core, p.caller(), {kind::group, group.id.str()}, kForceTakes));
        TRY(const auto content,
            store::count(tx, store::lookup::kCountContentOfGroup, group.domain, group.id, 1));
        if (content > 0 && how == Deletion::if_empty)
          return fail(Code::conflict, "group.not_empty",
                      "Groups, clients or channels are in it; move or delete them first, or say force=true.");
        TRY(explain_size(erase_group(core, tx, p.caller(), group)));
        tx.act(group_act(p.caller(), "group.deleted", group));
        return store::Done{};
      });
}

}  // namespace allauth::app
