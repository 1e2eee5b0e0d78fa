#include "bench/directory.h"

#include <algorithm>

#include <fmt/format.h>

#include "bench/drive.h"
#include "bench/world.h"
#include "store/rows.h"

namespace allauth::bench {
namespace {

// Rows of one write: large enough that commits do not count.
constexpr std::size_t kChunk = 2'000;
constexpr std::size_t kClientsOfChannel = 100;
constexpr std::size_t kDigestSize = 32;

std::string id(std::string_view kind, std::size_t n) {
  const std::size_t domain = 0xa0 + static_cast<unsigned char>(kind.front());
  return fmt::format("0190f5{:02x}-7000-7000-8000-{:012x}", domain & 0xff, n);
}

std::string digest(std::size_t n) {
  std::string bytes;
  while (bytes.size() < kDigestSize) bytes += fmt::format("{:016x}", mix(n + bytes.size()));
  bytes.resize(kDigestSize);
  return bytes;
}

Credential credential(std::string_view kind, std::size_t n, CredentialType type) {
  Credential made;
  made.id = CredentialId::trusted(id(kind == kind::user ? "password" : "key", n));
  made.owner_kind = std::string(kind);
  made.owner_id = id(kind, n);
  made.type = type;
  return made;
}

Result<void> insert_user(store::Tx& tx, std::size_t n) {
  User user;
  user.id = UserId::trusted(id(kind::user, n));
  user.email = fmt::format("user{}@example.org", n);
  user.name = fmt::format("User {}", n);
  TRY(store::insert(tx, user));
  Credential password = credential(kind::user, n, CredentialType::password);
  password.scheme = "argon2id";
  password.verifier = "$argon2id$v=19$m=19456,t=2,p=1$" + digest(n) + "$" + digest(n + 1);
  return store::insert(tx, password);
}

Result<void> insert_client(store::Tx& tx, std::size_t n) {
  const auto domain = DomainId::trusted(id(kind::domain, 0));
  const auto channel = ChannelId::trusted(id("topic", n / kClientsOfChannel));
  if (n % kClientsOfChannel == 0) {
    Channel made;
    made.id = channel;
    made.domain = domain;
    made.name = "channel";
    TRY(store::insert(tx, made));
  }
  Client client;
  client.id = ClientId::trusted(id(kind::client, n));
  client.domain = domain;
  client.name = fmt::format("client {}", n);
  TRY(store::insert(tx, client));
  Credential key = credential(kind::client, n, CredentialType::client_key);
  key.scheme = "ak1";
  key.digest = {digest(n)};
  TRY(store::insert(tx, key));
  Connection connection;
  connection.client = client.id;
  connection.channel = channel;
  connection.domain = domain;
  connection.publish = connection.subscribe = true;
  return store::insert(tx, connection);
}

Result<void> insert_domain(store::Tx& tx, std::size_t) {
  Domain domain;
  domain.id = DomainId::trusted(id(kind::domain, 0));
  domain.name = "Bench";
  return store::insert(tx, domain);
}

using Insert = Result<void> (*)(store::Tx&, std::size_t);

Result<void> insert_all(store::Store& store, std::size_t count, Insert insert) {
  for (std::size_t from = 0; from < count; from += kChunk) {
    const std::size_t to = std::min(count, from + kChunk);
    TRY(store.write(store::Write<store::Done>{
        .recheck = {}, .run = [from, to, insert](store::Tx& tx) -> Result<store::Done> {
          tx.act({.slug = "bench.filled", .actor_kind = "system", .actor_id = "bench"});
          for (std::size_t n = from; n < to; ++n) TRY(insert(tx, n));
          return store::Done{};
        }}));
  }
  return {};
}

}  // namespace

Result<void> make_directory(const std::string& location, const DirectorySize& size) {
  World world;
  TRY(open_store(world, location));
  TRY(insert_all(*world.store, 1, insert_domain));
  TRY(insert_all(*world.store, size.users, insert_user));
  TRY(insert_all(*world.store, size.clients, insert_client));
  return {};
}

}  // namespace allauth::bench
