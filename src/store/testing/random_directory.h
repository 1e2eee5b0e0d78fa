// A directory of random rows of every type, that refer to one another as real ones do.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "model/all_rows.h"
#include "store/rows.h"

namespace allauth::store::testing {

class RandomDirectory {
 public:
  explicit RandomDirectory(unsigned seed) : random_(seed) {}

  // One domain more, with some of everything in it.
  Result<void> grow(Tx& tx) {
    const auto domain = DomainId::trusted(fresh("d"));
    TRY(put(tx, Domain{.id = domain, .name = text(), .tags = tags(), .metadata = metadata()}));
    for (int i = number(3); i >= 0; --i) TRY(add_user(tx, domain));
    const auto group = GroupId::trusted(fresh("g"));
    TRY(put(tx, Group{.id = group, .domain = domain, .name = text(), .metadata = metadata()}));
    std::vector<ClientId> clients;
    for (int i = number(4); i > 0; --i) {
      clients.push_back(ClientId::trusted(fresh("c")));
      TRY(put(tx, Client{.id = clients.back(), .domain = domain, .name = text(), .metadata = metadata()}));
      TRY(put(tx, key_of("client", clients.back().str())));
    }
    for (int i = number(3); i > 0; --i) {
      const auto channel = ChannelId::trusted(fresh("h"));
      TRY(put(tx, Channel{.id = channel,
                          .domain = domain,
                          .name = text(),
                          .route = fresh("r"),
                          .topics = {channel.str() + "/+", fresh("t")}}));
      for (const auto& client : clients)
        TRY(put(tx, Connection{.client = client, .channel = channel, .domain = domain, .publish = true}));
      TRY(put(tx, GroupConnection{.group = group, .channel = channel, .domain = domain, .subscribe = true}));
    }
    TRY(put(tx, Relationship{.resource_kind = "shop/document",
                             .resource_id = fresh("o"),
                             .relation = "viewer",
                             .subject_kind = "user",
                             .subject_id = "*"}));
    TRY(put(tx, PolicySchema{.name = fresh("p"), .text = text()}));
    TRY(put(tx, StoredKey{.kid = fresh("k"), .issuer = "native", .algorithm = "ES256", .sealed = blob()}));
    return put(tx, Setting{.name = fresh("s"), .value = blob()});
  }

 private:
  template <class Row>
  Result<void> put(Tx& tx, Row row) {
    row.stamp = {.created_at = tx.now(), .created_by = text(), .updated_at = tx.now(), .updated_by = text()};
    return insert(tx, row);
  }
  Result<void> add_user(Tx& tx, const DomainId& domain) {
    const auto user = UserId::trusted(fresh("u"));
    TRY(put(tx,
            User{.id = user, .email = fresh("e"), .name = text(), .tags = tags(), .metadata = metadata()}));
    Role role{.id = RoleId::trusted(fresh("r")), .scope_kind = "domain", .scope_id = domain.str()};
    role.name = role.id.str();
    for (int i = number(70); i > 0; --i) role.grants.push_back({"channel", text(), "publish"});
    TRY(put(tx, role));
    RoleMember member{.role = role.id, .subject_kind = "user", .subject_id = user.str()};
    member.scope_kind = "domain";
    member.scope_id = domain.str();
    if (number(2) == 0) member.expires_at = from_millis(number(1'000'000));
    TRY(put(tx, member));
    Credential password{
        .id = CredentialId::trusted(fresh("p")), .owner_kind = "user", .owner_id = user.str()};
    password.verifier = text();
    TRY(put(tx, password));
    return put(tx, Session{.id = SessionId::trusted(fresh("s")), .user = user, .generation = number(100)});
  }
  Credential key_of(std::string owner_kind, std::string owner_id) {
    return {.id = CredentialId::trusted(fresh("k")),
            .owner_kind = std::move(owner_kind),
            .owner_id = std::move(owner_id),
            .type = CredentialType::client_key,
            .scheme = "ak1",
            .digest = blob(),
            .sealed = blob()};
  }

  int number(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  // Keys come in no order.
  std::string fresh(const char* prefix) { return fmt::format("{}{:x}-{}", prefix, random_(), ++made_); }
  std::string text() {
    static const std::vector<std::string> kPieces{"a", "ü", "🦊", "'", "\"", "\\", "\t", " ", "$1", "x"};
    std::string out;
    for (int i = number(30); i > 0; --i) out += kPieces[static_cast<std::size_t>(number(9))];
    return out;
  }
  Tags tags() {
    Tags made;
    for (int i = number(3); i > 0; --i) made.push_back(text());
    return made;
  }
  Metadata metadata() { return {number(1) == 0 ? "{}" : fmt::format("{{\"n\":{}}}", number(1000))}; }
  Blob blob() {
    Blob made;
    for (int i = number(60); i > 0; --i) made.bytes += static_cast<char>(number(255));
    return made;
  }

  std::mt19937 random_;
  int made_ = 0;
};

}  // namespace allauth::store::testing
