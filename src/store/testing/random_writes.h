// For tests: writes that meet one another.
#pragma once

#include <array>
#include <functional>
#include <random>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "model/all_rows.h"
#include "store/rows.h"

namespace allauth::store::testing {

constexpr int kIds = 4;  // of each kind of row

inline std::string name(std::string_view kind, int n) { return fmt::format("{}{}", kind, n); }

// Makes, changes or erases a random row among a few; what does not fit is refused by the database. There has
// to be a domain "d0".
class RandomWrites {
 public:
  explicit RandomWrites(unsigned seed) : random_(seed) {}

  std::function<Result<void>(Tx&)> next() {
    switch (pick(17)) {
      case 0:
        return upsert(User{.id = UserId::trusted(id("u")),
                           .email = maybe(id("e")),
                           .username = maybe(id("n")),
                           .status = status()});
      case 1:
        return upsert(Domain{.id = DomainId::trusted(id("d")),
                             .route = maybe(id("r")),
                             .status = pick(4) == 0 ? Status::frozen : status()});
      case 2:
        return upsert(Client{.id = ClientId::trusted(id("c")),
                             .domain = DomainId::trusted("d0"),
                             .status = status(),
                             .group = GroupId::trusted(maybe(id("g")))});
      case 3: {
        const auto channel = id("h");
        return upsert(Channel{.id = ChannelId::trusted(channel),
                              .domain = DomainId::trusted("d0"),
                              .route = maybe(id("r")),
                              .status = status(),
                              .group = GroupId::trusted(maybe(id("g"))),
                              .topics = topics(channel)});
      }
      case 4:
        return upsert(Connection{.client = ClientId::trusted(id("c")),
                                 .channel = ChannelId::trusted(id("h")),
                                 .domain = DomainId::trusted("d0"),
                                 .publish = flip(),
                                 .subscribe = flip()});
      case 12:
        return upsert(GroupConnection{.group = GroupId::trusted(id("g")),
                                      .channel = ChannelId::trusted(id("h")),
                                      .domain = DomainId::trusted("d0"),
                                      .publish = flip(),
                                      .subscribe = flip()});
      case 5: {
        // A role keeps its scope; here it follows from its id.
        const auto n = pick(kIds);
        const bool on_group = n % 2 == 1;
        Role role{.id = RoleId::trusted(name("o", n)),
                  .scope_kind = on_group ? "group" : "domain",
                  .scope_id = on_group ? name("g", n) : "d0",
                  .name = name("o", n)};
        if (flip()) role.grants.push_back({.kind = "client", .object = {}, .action = "read"});
        if (flip()) role.grants.push_back({.kind = role.scope_kind, .object = {}, .action = "update"});
        if (flip()) role.grants.push_back({.kind = role.scope_kind, .action = "*", .effect = Effect::deny});
        if (!on_group && flip())
          role.grants.push_back({.kind = "client", .object = id("c"), .action = "read", .effect = effect()});
        return upsert(std::move(role));
      }
      case 15: {
        Role role{.id = RoleId::trusted(id("p")), .scope_kind = "platform", .scope_id = "main"};
        role.name = role.id.str();
        for (const auto* resource : {"shop/orders", "shop/*"})
          if (flip())
            role.grants.push_back({.kind = resource, .action = flip() ? "*" : "read", .effect = effect()});
        if (flip()) role.grants.push_back({.kind = "shop/orders", .object = id("o"), .action = "read"});
        return upsert(std::move(role));
      }
      case 11:
        return upsert(Group{.id = GroupId::trusted(id("g")),
                            .domain = DomainId::trusted("d0"),
                            .name = id("g"),
                            .parent = GroupId::trusted(maybe(id("g"))),
                            .status = status()});
      case 6:
        return upsert(RoleMember{.role = RoleId::trusted(id("o")),
                                 .subject_kind = "user",
                                 .subject_id = id("u"),
                                 .scope_kind = "domain",
                                 .scope_id = "d0",
                                 .origin = "manual"});
      case 7:
        return give<Client>(id("c"), CredentialType::client_key, "client");
      case 8:
        return give<User>(id("u"), CredentialType::password, "user");
      case 9:
        return open_or_end(Session{.id = SessionId::trusted(id("s")), .user = UserId::trusted("u0")});
      case 10: {
        const auto digit = pick(kIds);
        return upsert(Credential{.id = CredentialId::trusted(name("token", digit)),
                                 .owner_kind = "node",
                                 .owner_id = name("node", digit),
                                 .type = CredentialType::node_token,
                                 .digest = {std::string(32, static_cast<char>('0' + digit))},
                                 .status = status()});
      }
      case 13:
        return upsert(PolicySchema{.name = std::string(PolicySchema::kMain), .text = schema()});
      default:
        return erase_some();
    }
  }

 private:
  std::string schema() {
    static constexpr std::array<std::string_view, 4> kTexts{
        "", "definition shop/order {\n relation owner: user\n}\n",
        "definition shop/order {\n relation owner: user | role#member\n permission view = owner\n}\n",
        "definition shop/item {\n relation order: shop/order\n}\ndefinition shop/order {}\n"};
    return std::string(kTexts[static_cast<std::size_t>(pick(kTexts.size()))]);
  }

  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool flip() { return pick(2) == 0; }
  std::string id(std::string_view kind) { return name(kind, pick(kIds)); }
  // Some of those that only this channel may have.
  Topics topics(const std::string& channel) {
    Topics some;
    for (const auto* form : {"+/{}/#", "x/{}", "x/{}/+/y"})
      if (flip()) some.push_back(fmt::format(fmt::runtime(form), channel));
    return some;
  }
  std::string maybe(std::string text) { return flip() ? text : std::string(); }
  Effect effect() { return flip() ? Effect::allow : Effect::deny; }
  Status status() { return flip() ? Status::enabled : Status::disabled; }

  template <class Row>
  std::function<Result<void>(Tx&)> upsert(Row row) {
    return [row](Tx& tx) mutable -> Result<void> {
      auto changed = update(tx, row);
      if (changed || changed.error().reason != Reason("row.missing")) return changed;
      return insert(tx, row);
    };
  }
  // A session that has ended stays so.
  static std::function<Result<void>(Tx&)> open_or_end(Session session) {
    return [session](Tx& tx) mutable -> Result<void> {
      TRY(const auto known, find<Session>(tx, session.id));
      if (!known) return insert(tx, session);
      session.state = SessionState::revoked;
      return update(tx, session);
    };
  }
  // A credential of somebody who is there, one each.
  template <class Owner>
  std::function<Result<void>(Tx&)> give(const std::string& owner, CredentialType type, std::string kind) {
    Credential credential{.id = CredentialId::trusted("of-" + owner),
                          .owner_kind = std::move(kind),
                          .owner_id = owner,
                          .type = type,
                          .status = status()};
    if (type == CredentialType::client_key) credential.digest.bytes = std::string(32, owner.back());
    if (type == CredentialType::password) credential.verifier = id("record");
    return [owner, write = upsert(std::move(credential))](Tx& tx) -> Result<void> {
      TRY(const auto found, find<Owner>(tx, owner));
      return found ? write(tx) : fail(Code::not_found, "row.missing", "nobody");
    };
  }
  // As the use-cases do it: a credential is disabled before it goes, and goes before its owner.
  template <class Owner>
  std::function<Result<void>(Tx&)> erase_owner(Owner row) {
    return [row](Tx& tx) -> Result<void> {
      TRY(auto credential, find<Credential>(tx, "of-" + row.id.str()));
      if (credential) {
        credential->status = Status::disabled;
        TRY(update(tx, *credential));
        TRY(erase(tx, *credential));
      }
      return erase(tx, row);
    };
  }
  std::function<Result<void>(Tx&)> erase_some() {
    switch (pick(9)) {
      case 8:
        return [row = GroupConnection{.group = GroupId::trusted(id("g")),
                                      .channel = ChannelId::trusted(id("h"))}](Tx& tx) {
          return erase(tx, row);
        };
      case 6:
        return [row = Group{.id = GroupId::trusted(id("g"))}](Tx& tx) { return erase(tx, row); };
      case 7:
        return [row = RoleId::trusted(flip() ? id("o") : id("p"))](Tx& tx) -> Result<void> {
          TRY(auto role, find<Role>(tx, row));
          if (!role) return fail(Code::not_found, "row.missing", "There is none.");
          role->grants.clear();  // as the program does it
          TRY(update(tx, *role));
          return erase(tx, *role);
        };
      case 0:
        return erase_owner(User{.id = UserId::trusted(id("u"))});
      case 1:
        return [row = Domain{.id = DomainId::trusted(id("d"))}](Tx& tx) { return erase(tx, row); };
      case 2:
        return erase_owner(Client{.id = ClientId::trusted(id("c"))});
      case 3:
        return [row = Channel{.id = ChannelId::trusted(id("h"))}](Tx& tx) { return erase(tx, row); };
      case 4:
        return [row = Connection{.client = ClientId::trusted(id("c")),
                                 .channel = ChannelId::trusted(id("h"))}](Tx& tx) { return erase(tx, row); };
      default:
        return [row = RoleMember{.role = RoleId::trusted(id("o")),
                                 .subject_kind = "user",
                                 .subject_id = id("u")}](Tx& tx) { return erase(tx, row); };
    }
  }
  std::mt19937 random_;
};

}  // namespace allauth::store::testing
