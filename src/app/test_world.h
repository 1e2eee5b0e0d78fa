// For tests: a whole back end on a database of its own in a temporary folder, with a clock that
// moves only when told. Not for the product.
#pragma once

#include <chrono>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "app/access/custom_roles.h"
#include "app/access/role_members.h"
#include "app/access/roles.h"
#include "app/core.h"
#include "app/directory/channels.h"
#include "app/directory/clients.h"
#include "app/directory/domains.h"
#include "app/directory/groups.h"
#include "app/directory/members.h"
#include "app/directory/users.h"
#include "app/identity/setup.h"
#include "app/identity/token_issuer.h"
#include "policy/core_schema.h"
#include "store/store.h"

namespace allauth::app {

// The value of a Result, or the end of the test.
template <class T>
T must(Result<T> result) {
  if (!result)
    throw std::runtime_error(result.error().message + " (" + std::string(result.error().reason.slug()) + ")");
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class TestWorld {
 public:
  // `location`: of the database; empty: a file in the folder.
  explicit TestWorld(const std::string& location = {}) : hub(policy::core_schema(), clock, log, metrics) {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    store = must(store::Store::open({.clock = clock,
                                     .entropy = entropy,
                                     .log = log,
                                     .metrics = metrics,
                                     .location = location.empty() ? folder_ + "/test.db" : location}));
    auto key = must(crypto::SigningKey::generate());
    auto trusted = must(crypto::KeySet::make({key.public_key()}));
    const AccessRules rules{"issuer", "audience"};
    tokens_ = std::make_unique<AccessTokens>(rules, trusted);
    issuer = std::make_unique<TokenIssuer>(rules, Lifetimes{Seconds(3600), Seconds(86400)}, key,
                                           TokenDigests("the token key of thirty-two bytes"));
    const auto params = crypto::PasswordParams::cheap_for_tests();
    core = std::make_unique<Core>(Core{clock, entropy, ids, hub, engine_, *tokens_, digests, throttle, params,
                                       crypto::dummy_phc(params, entropy)});
    must(hub.follow(*store));
    const Secret token(std::string("ast_test"));
    must(store->write(prepare_platform(issuer->digests().setup_token(token))));
    admin = caller(
        run(create_first_admin(
                *core, issuer->digests(), *store,
                {Secret("ast_test"), "root@example.org", "Root", Secret("correct horse battery")}, "r"))
            .id);
  }
  ~TestWorld() {
    store->close();
    std::filesystem::remove_all(folder_);
  }

  // Waits for the hub's watch, which looks at the clock by itself.
  bool turns_stale() const {
    const auto until = std::chrono::steady_clock::now() + Seconds(10);
    while (!hub.stale() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(Millis(1));
    return hub.stale();
  }

  // Runs a prepared write.
  template <class T>
  T run(Result<store::Write<T>> write) {
    return must(try_run(std::move(write)));
  }
  template <class T>
  Result<T> try_run(Result<store::Write<T>> write) {
    TRY(auto prepared, std::move(write));
    TRY(auto done, store->write(std::move(prepared)));
    return std::move(done.value);
  }

  Caller caller(const UserId& user) const {
    return {{.principal = {PrincipalKind::user, user.str()}, .session = SessionId::trusted("a-login")},
            "request-1"};
  }
  template <class Act, class Object>
  Permit<Act> permit(const Caller& who, Object object) const {
    return must(Gate(*core).require<Act>(who, std::move(object)));
  }

  User make_user(const std::string& name) {
    return run(create_user(*core, permit<act::CreateUser>(admin, Platform{}),
                           {.email = name + "@example.org",
                            .common = {.name = name},
                            .password = Secret("the garden of " + name + "!!")}));
  }
  Domain make_domain(const std::string& route) {
    return run(create_domain(*core, permit<act::CreateDomain>(admin, Platform{}),
                             {.common = {.name = route}, .route = route}));
  }
  CreatedClient make_client(const DomainId& domain) {
    return run(
        create_client(*core, permit<act::CreateClient>(admin, domain), {.common = {.name = "client"}}));
  }
  Channel make_channel(const DomainId& domain, const std::string& route) {
    return run(create_channel(*core, permit<act::CreateChannel>(admin, domain),
                              {.common = {.name = route}, .route = route}));
  }
  Group make_group(const DomainId& domain, const std::string& name, const GroupId& parent = {}) {
    return run(create_group(*core, permit<act::CreateGroup>(admin, Container(domain, parent)),
                            {.common = {.name = name}}))
        .group;
  }
  Group put_group(const Group& group, const GroupId& parent) {
    return run(move_group(*core, permit<act::MoveGroup>(admin, group.id),
                          permit<act::CreateGroup>(admin, Container(group.domain, parent)), {}))
        .group;
  }
  void put_client(const Client& client, const GroupId& group) {
    run(move_client(*core, permit<act::MoveClient>(admin, client.id),
                    permit<act::CreateClient>(admin, Container(client.domain, group)), {}));
  }
  void put_channel(const Channel& channel, const GroupId& group) {
    run(move_channel(*core, permit<act::MoveChannel>(admin, channel.id),
                     permit<act::CreateChannel>(admin, Container(channel.domain, group)), {}));
  }
  Role make_role(std::string_view kind, const std::string& id, std::vector<std::string> actions,
                 const std::string& name = "role") {
    return run(create_role(*core, permit<act::CreateRole>(admin, RoleScope(kind, id)),
                           {.name = name, .actions = {std::move(actions), {}}}));
  }
  void give(const Role& role, std::string_view kind, const std::string& id,
            std::optional<Instant> until = {}) {
    run(add_role_members(*core, permit<act::ManageRole>(admin, role.id), {{std::string(kind), id, until}}));
  }
  bool may(const Caller& who, std::string_view permission, std::string_view kind, const std::string& id) {
    return Gate(*core).allows(who, permission, {kind, id});
  }
  void make_connection(const ClientId& client, const ChannelId& channel, Rights rights) {
    run(connect(*core, permit<act::ConnectChannel>(admin, channel), permit<act::ConnectClient>(admin, client),
                rights));
  }
  void join(const DomainId& domain, const UserId& user, DomainRole role) {
    run(add_member(*core, permit<act::ManageMembers>(admin, domain), user, role));
  }

  ManualClock clock;
  SystemEntropy entropy;
  UuidSource ids{clock, entropy};
  Log log{clock, LogLevel::error, LogFormat::human};
  Metrics metrics;
  std::unique_ptr<TokenIssuer> issuer;
  KeyDigests digests{"a digest key of thirty-two bytes"};
  LoginThrottle throttle{clock,
                         metrics,
                         1,
                         {.one = {.count = 2, .burst = 10, .per = Seconds(60)},
                          .account = {.count = 1, .burst = 50, .per = Seconds(60)},
                          .source = {.count = 10, .burst = 100, .per = Seconds(60)}}};

 private:
  std::string folder_;
  policy::Engine engine_;
  std::unique_ptr<AccessTokens> tokens_;

 public:
  store::SnapshotHub hub;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Core> core;
  Caller admin;
};

}  // namespace allauth::app
