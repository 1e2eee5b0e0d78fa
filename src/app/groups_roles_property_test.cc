// Random changes of groups and roles through the use-cases, against a model of plain maps that says what
// must be refused and who may do what; and the invariants that many writers at once must not break.
#include <array>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "app/test_world.h"
#include "store/lookups.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

// The things of one domain as the rules of docs/decisions/017 and 018 see them.
struct Model {
  struct Folder {
    std::string name, parent;
    bool enabled = true;
  };
  struct Grant {
    std::string kind, scope;
    std::set<std::string> actions, members;
  };
  std::map<std::string, Folder> groups;
  std::map<std::string, std::string> clients;  // to their groups
  std::map<std::string, Grant> roles;

  bool below(const std::string& group, const std::string& top) const {
    for (std::string at = group; !at.empty(); at = groups.at(at).parent)
      if (at == top) return true;
    return false;
  }
  std::size_t depth(const std::string& group) const {
    return group.empty() ? 0 : 1 + depth(groups.at(group).parent);
  }
  std::size_t levels(const std::string& top) const {
    std::size_t most = 1;
    for (const auto& [id, folder] : groups)
      if (folder.parent == top) most = std::max(most, 1 + levels(id));
    return most;
  }
  bool name_taken(const std::string& self, const std::string& name, const std::string& parent) const {
    return std::ranges::any_of(groups, [&](const auto& entry) {
      return entry.first != self && entry.second.name == name && entry.second.parent == parent;
    });
  }
  bool empty(const std::string& group) const {
    return std::ranges::none_of(groups, [&](const auto& e) { return e.second.parent == group; }) &&
           std::ranges::none_of(clients, [&](const auto& e) { return e.second == group; });
  }

  bool granted(const std::string& user, std::string_view kind, const std::string& scope,
               const std::string& action) const {
    return std::ranges::any_of(roles, [&](const auto& entry) {
      const Grant& role = entry.second;
      return role.kind == kind && role.scope == scope && role.actions.contains(action) &&
             role.members.contains(user);
    });
  }
  // By roles on this group or above it, as long as every group on the way is enabled.
  bool through(const std::string& user, const std::string& group, const std::string& action) const {
    for (std::string at = group; !at.empty() && groups.at(at).enabled; at = groups.at(at).parent)
      if (granted(user, kind::group, at, action)) return true;
    return false;
  }
  bool may(const std::string& user, const std::string& domain, std::string_view kind, const std::string& id,
           const std::string& verb) const {
    if (kind == kind::client)
      return granted(user, kind, id, verb) || through(user, clients.at(id), "client_" + verb) ||
             granted(user, kind::domain, domain, "client_" + verb);
    const Folder& folder = groups.at(id);
    return (folder.enabled && granted(user, kind, id, verb)) ||
           through(user, folder.parent, "group_" + verb) ||
           granted(user, kind::domain, domain, "group_" + verb);
  }
};

class GroupsAndRoles : public ::testing::Test {
 protected:
  static constexpr std::array kNames{"a", "b", "c", "d"};
  static constexpr std::array kVerbs{"read", "update", "delete", "move"};

  GroupsAndRoles() {
    for (int i = 0; i < 4; ++i) users.push_back(world.make_user(fmt::format("user{}", i)).id.str());
    for (int i = 0; i < 4; ++i) {
      const auto id = world.make_client(domain.id).client.id.str();
      model.clients[id] = "";
    }
  }

  unsigned pick(std::size_t n) { return static_cast<unsigned>(random() % n); }
  template <class Map>
  std::string any(const Map& map) {
    return map.empty() ? std::string() : std::next(map.begin(), pick(map.size()))->first;
  }
  std::string maybe_group() { return pick(4) == 0 ? std::string() : any(model.groups); }
  template <class T>
  static std::string reason(const Result<T>& result) {
    return result ? "none" : std::string(result.error().reason.slug());
  }
  Container in(const std::string& group) const { return {domain.id, GroupId::trusted(group)}; }

  std::string place_error(const std::string& self, const std::string& name, const std::string& parent) const {
    if (!self.empty() && model.below(parent, self)) return "group.cycle";
    if (model.depth(parent) + (self.empty() ? 1 : model.levels(self)) > kMaxGroupDepth) return "group.depth";
    return model.name_taken(self, name, parent) ? "name.taken" : "none";
  }

  void create() {
    const std::string name = kNames[pick(kNames.size())], parent = maybe_group();
    const auto made = world.try_run(create_group(
        *world.core, world.permit<act::CreateGroup>(world.admin, in(parent)), {.common = {.name = name}}));
    ASSERT_EQ(reason(made), place_error("", name, parent));
    if (made) model.groups[made->group.id.str()] = {name, parent};
  }
  void move() {
    const std::string id = any(model.groups), parent = maybe_group();
    if (id.empty()) return;
    const auto moved =
        world.try_run(move_group(*world.core, world.permit<act::MoveGroup>(world.admin, GroupId::trusted(id)),
                                 world.permit<act::CreateGroup>(world.admin, in(parent)), {}));
    ASSERT_EQ(reason(moved), place_error(id, model.groups[id].name, parent));
    if (moved) model.groups[id].parent = parent;
  }
  void rename() {
    const std::string id = any(model.groups), name = kNames[pick(kNames.size())];
    if (id.empty()) return;
    const auto done = world.try_run(
        update_group(*world.core, world.permit<act::UpdateGroup>(world.admin, GroupId::trusted(id)),
                     {.common = {.name = name}}, {}));
    ASSERT_EQ(reason(done), model.name_taken(id, name, model.groups[id].parent) ? "name.taken" : "none");
    if (done) model.groups[id].name = name;
  }
  void set_status() {
    const std::string id = any(model.groups);
    if (id.empty()) return;
    const bool enabled = pick(3) != 0;
    world.run(set_group_status(*world.core, world.permit<act::UpdateGroup>(world.admin, GroupId::trusted(id)),
                               enabled ? Status::enabled : Status::disabled, {}));
    model.groups[id].enabled = enabled;
  }
  void erase_group(Deletion how) {
    const std::string id = any(model.groups);
    if (id.empty()) return;
    // Whoever is to force it passes through the group, which a disabled one does not let them: not the
    // platform's administrators, whose rights come from the domain.
    const auto done = world.try_run(delete_group(
        *world.core, world.permit<act::DeleteGroup>(world.admin, GroupId::trusted(id)), how, {}));
    ASSERT_EQ(reason(done), how == Deletion::forced || model.empty(id) ? "none" : "group.not_empty");
    if (!done) return;
    std::set<std::string> gone;
    for (const auto& [each, folder] : model.groups)
      if (model.below(each, id)) gone.insert(each);
    for (auto& [client, group] : model.clients)
      if (gone.contains(group)) group.clear();
    std::erase_if(model.groups, [&](const auto& e) { return gone.contains(e.first); });
    std::erase_if(model.roles, [&](const auto& e) {
      return e.second.kind == kind::group && gone.contains(e.second.scope);
    });
  }
  void put_client() {
    const std::string id = any(model.clients), group = maybe_group();
    world.put_client({.id = ClientId::trusted(id), .domain = domain.id}, GroupId::trusted(group));
    model.clients[id] = group;
  }
  std::set<std::string> some_actions(std::string_view kind) {
    const auto all = must(list_actions(world.core->schema(), kind)).all;
    std::set<std::string> some;
    for (unsigned i = 0; i < 4; ++i) some.insert(all[pick(all.size())]);
    return some;
  }
  void make_role() {
    Model::Grant role;
    switch (pick(3)) {
      case 0:
        role = {std::string(kind::domain), domain.id.str(), {}, {}};
        break;
      case 1:
        role = {std::string(kind::client), any(model.clients), {}, {}};
        break;
      default:
        role = {std::string(kind::group), any(model.groups), {}, {}};
    }
    if (role.scope.empty() || model.roles.size() > 20) return;
    role.actions = some_actions(role.kind);
    const auto made = world.make_role(role.kind, role.scope, {role.actions.begin(), role.actions.end()},
                                      fmt::format("role {}", ++roles_made));
    model.roles[made.id.str()] = role;
  }
  void change_role() {
    const std::string id = any(model.roles);
    if (id.empty()) return;
    auto& role = model.roles[id];
    const auto actions = some_actions(role.kind);
    const bool add = pick(2) == 0;
    world.run(change_actions(*world.core, manage(id), add ? ActionChange::add : ActionChange::remove,
                             {{actions.begin(), actions.end()}, {}}, {}));
    for (const auto& action : actions) {
      if (add)
        role.actions.insert(action);
      else
        role.actions.erase(action);
    }
  }
  void change_members() {
    const std::string id = any(model.roles);
    if (id.empty()) return;
    auto& members = model.roles[id].members;
    const std::string& user = users[pick(users.size())];
    if (pick(2) == 0) {
      world.run(add_role_members(*world.core, manage(id), {{"user", user, {}}}));
      members.insert(user);
    } else {
      const auto done = world.try_run(remove_role_member(*world.core, manage(id), "user", user, {}));
      ASSERT_EQ(done.has_value(), members.erase(user) == 1);
    }
  }
  void erase_role() {
    const std::string id = any(model.roles);
    if (id.empty()) return;
    world.run(delete_role(*world.core, manage(id), {}));
    model.roles.erase(id);
  }
  Permit<act::ManageRole> manage(const std::string& role) {
    return world.permit<act::ManageRole>(world.admin, RoleId::trusted(role));
  }

  void step() {
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
        return create();
      case 3:
        return move();
      case 4:
        return rename();
      case 5:
        return set_status();
      case 6:
        return erase_group(Deletion::if_empty);
      case 7:
        return pick(4) == 0 ? erase_group(Deletion::forced) : put_client();
      case 8:
      case 9:
        return make_role();
      case 10:
        return change_role();
      case 11:
      case 12:
        return change_members();
      default:
        return pick(3) == 0 ? erase_role() : put_client();
    }
  }

  // The engine's answers about everybody and everything.
  void expect_agreement(const store::Snapshot& snapshot) {
    const auto ask = [&](const std::string& user, std::string_view kind, const std::string& id,
                         const std::string& verb) {
      const policy::SubjectRef subject{{kind::user, user}};
      const auto decision = must(world.core->engine.check(
          snapshot.graph(), 0, {.subject = subject, .permission = "can_" + verb, .object = {kind, id}}));
      EXPECT_EQ(decision.allowed(), model.may(user, domain.id.str(), kind, id, verb)) << verb << " " << kind;
    };
    for (const auto& user : users) {
      for (const std::string verb : kVerbs) {
        for (const auto& [id, group] : model.clients) ask(user, kind::client, id, verb);
        for (const auto& [id, folder] : model.groups) ask(user, kind::group, id, verb);
      }
    }
  }
  void expect_rows() {
    must(world.store->read([&](store::Read& read) -> Result<void> {
      std::size_t rows = 0;
      TRY(store::for_each<Group>(read, [&](Group group) -> Result<void> {
        ++rows;
        const auto known = model.groups.find(group.id.str());
        EXPECT_TRUE(known != model.groups.end() && known->second.parent == group.parent.str() &&
                    known->second.name == group.name);
        return {};
      }));
      EXPECT_EQ(rows, model.groups.size());
      return {};
    }));
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  std::vector<std::string> users;
  Model model;
  std::mt19937 random{7};
  int roles_made = 0;
};

TEST_F(GroupsAndRoles, AgreeWithAPlainModel) {
  for (int i = 1; i <= 600 && !HasFatalFailure(); ++i) {
    step();
    if (i % 10 == 0) expect_agreement(world.core->now());
  }
  expect_rows();
  EXPECT_GT(model.groups.size(), 3u) << "else little was tried";
  // What is read from the rows is what followed the log.
  store::SnapshotHub fresh(policy::core_schema(), world.clock, world.log, world.metrics);
  must(fresh.follow(*world.store));
  EXPECT_EQ(fresh.view()->graph().size(), world.core->now().graph().size());
  expect_agreement(*fresh.view());
  world.store->close();
}

TEST_F(GroupsAndRoles, KeepTheirTreeAndTheirOwnersWithManyWriters) {
  constexpr int kThreads = 4, kSteps = 60;
  std::vector<Group> groups;
  for (int i = 0; i < 8; ++i) groups.push_back(world.make_group(domain.id, fmt::format("g{}", i)));
  for (const auto& user : users) world.join(domain.id, UserId::trusted(user), DomainRole::owner);
  std::atomic<int> moved = 0, refused = 0;
  const auto work = [&](unsigned seed) {
    std::mt19937 own{seed};
    for (int i = 0; i < kSteps; ++i) {
      const auto& from = groups[own() % groups.size()];
      const auto& into = groups[own() % groups.size()];
      const auto done =
          world.try_run(move_group(*world.core, world.permit<act::MoveGroup>(world.admin, from.id),
                                   world.permit<act::CreateGroup>(world.admin, in(into.id.str())), {}));
      ++(done ? moved : refused);
      if (!done) EXPECT_EQ(reason(done), "group.cycle");
      const auto user = UserId::trusted(users[own() % users.size()]);
      if (own() % 2 == 0)
        (void)world.try_run(
            remove_member(*world.core, world.permit<act::ManageMembers>(world.admin, domain.id), user, {}));
      else
        (void)world.try_run(change_member(*world.core,
                                          world.permit<act::ManageMembers>(world.admin, domain.id), user,
                                          own() % 2 == 0 ? DomainRole::admin : DomainRole::owner, {}));
    }
  };
  // The administrator who made the domain leaves it to the others.
  world.run(remove_member(*world.core, world.permit<act::ManageMembers>(world.admin, domain.id),
                          UserId::trusted(world.admin.who.principal.id), {}));
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) threads.emplace_back(work, t + 1);
  for (auto& thread : threads) thread.join();
  EXPECT_GT(moved, 0);
  EXPECT_GT(refused, 0) << "else no two moves were at odds";
  must(world.store->read([&](store::Read& read) -> Result<void> {
    for (const auto& group : groups) {
      std::set<std::string> seen;
      for (GroupId at = group.id; !at.empty();) {
        EXPECT_TRUE(seen.insert(at.str()).second) << "a cycle";
        if (seen.size() > groups.size()) break;
        TRY(const auto row, store::find<Group>(read, at));
        at = row->parent;
      }
    }
    TRY(const auto owner, find_domain_role(read, domain.id, DomainRole::owner));
    TRY(const auto owners, store::count(read, store::lookup::kCountUsersOfRole, owner.id));
    EXPECT_GE(owners, 1);
    return {};
  }));
}

}  // namespace
}  // namespace allauth::app
