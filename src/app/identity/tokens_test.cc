#include "app/identity/tokens.h"

#include <gtest/gtest.h>

#include "app/identity/authenticate.h"
#include "app/identity/credentials.h"
#include "app/identity/sessions.h"
#include "app/test_world.h"
#include "store/image.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

using Type = CredentialType;

class Tokens : public testing::Test {
 protected:
  Permit<act::IssueTokens> issue(const Caller& who) {
    return world_.permit<act::IssueTokens>(who, id_of(who));
  }
  Permit<act::ManageTokens> manage(const Caller& who) {
    return world_.permit<act::ManageTokens>(who, id_of(who));
  }
  static UserId id_of(const Caller& who) { return UserId::trusted(who.who.principal.id); }

  MadeToken make(const Caller& who, Type type, std::vector<std::string> scopes = {},
                 std::optional<Seconds> lifetime = {}) {
    NewToken fresh{.type = type, .name = fmt::format("token {}", ++made_), .lifetime = lifetime};
    for (const auto& text : scopes) fresh.scopes.push_back(must(policy::parse_scope(text)));
    return world_.run(create_token(*world_.core, issue(who), std::move(fresh)));
  }
  std::string shown(const Secret& secret) {
    auto outcome = authenticate_bearer(*world_.core, secret);
    if (!outcome) return std::string(outcome.error().reason.slug());
    if (const auto* rejected = std::get_if<Rejected>(&*outcome)) return std::string(rejected->reason.slug());
    return "good";
  }
  Caller bearer(const Secret& secret) {
    return {must(require_authenticated(authenticate_bearer(*world_.core, secret))), "r"};
  }
  template <class Act, class Object>
  std::string refusal(const Caller& who, Object object) {
    const auto permit = Gate(*world_.core).require<Act>(who, std::move(object));
    return permit ? "allowed" : std::string(permit.error().reason.slug());
  }
  std::string life(const Caller& who) {
    return std::string(still_valid(world_.core->now(), who.who, world_.clock.now()).reason.slug());
  }

  TestWorld world_;
  int made_ = 0;
};

TEST_F(Tokens, StandForTheirUser) {
  const Domain domain = world_.make_domain("plant");
  const auto key = make(world_.admin, Type::user_key);
  const auto token = make(world_.admin, Type::personal_token, {"domain read"});
  const auto as_key = bearer(key.secret), as_token = bearer(token.secret);
  EXPECT_EQ(as_key.who.principal, world_.admin.who.principal);
  EXPECT_EQ(as_key.who.token, key.row.id);
  EXPECT_EQ(as_key.who.restrictions, nullptr);
  EXPECT_EQ(as_token.who.token, token.row.id);
  EXPECT_EQ(refusal<act::UpdateDomain>(as_key, domain.id), "allowed");
  EXPECT_EQ(refusal<act::ReadDomain>(as_token, domain.id), "allowed");
  EXPECT_EQ(refusal<act::UpdateDomain>(as_token, domain.id), "credential.scope");
  // The same whether there is such a thing or not.
  const auto no_domain = DomainId::trusted(world_.ids.next());
  EXPECT_EQ(refusal<act::UpdateDomain>(as_token, no_domain), "credential.scope");
  EXPECT_EQ(refusal<act::ReadDomain>(as_token, no_domain), "object.missing");
}

TEST_F(Tokens, AreKnownToTheDatabaseByTheirDigestOnly) {
  const auto token = make(world_.admin, Type::personal_token, {"client read"});
  EXPECT_EQ(token.row.digest.bytes.size(), 32u);
  token.secret.with([&](std::string_view text) {
    EXPECT_EQ(text.size(), kPersonalTokenPrefix.size() + 43);
    must(world_.store->read([&](store::Read& read) -> Result<void> {
      const auto bytes = store::encode_image(*must(store::find<Credential>(read, token.row.id)));
      EXPECT_EQ(bytes.find(text.substr(kPersonalTokenPrefix.size())), std::string::npos);
      EXPECT_EQ(must(store::decode_image<Credential>(bytes)).scopes, Tags{"client read * *"});
      return {};
    }));
  });
}

// Each kind of secret in the place of each other.
TEST_F(Tokens, NeverStandInForOneAnother) {
  const Domain domain = world_.make_domain("plant");
  const auto client = world_.make_client(domain.id);
  const auto session = world_.run(
      open_session(*world_.core, *world_.issuer, {"root@example.org", Secret("correct horse battery")}, "r"));
  const auto token = make(world_.admin, Type::personal_token), key = make(world_.admin, Type::user_key);
  const auto plain = [](const Secret& secret) {
    return secret.with([](auto text) { return std::string(text); });
  };
  struct Kind {
    std::string name, secret;
  };
  const std::vector<Kind> kinds{{"access", plain(session.access_token)},
                                {"refresh", plain(session.refresh_token)},
                                {"setup", "ast_0123456789abcdefghijklmnopqrstuvwxyz"},
                                {"node", "ant1_0123456789abcdefghijklmnopqrstuvwxyz0123456"},
                                {"client", plain(client.key.key)},
                                {"token", plain(token.secret)},
                                {"key", plain(key.secret)}};
  const Core& core = *world_.core;
  const auto good = [](const Result<AuthenticateOutcome>& outcome) {
    return outcome && std::holds_alternative<Authenticated>(*outcome);
  };
  for (const auto& kind : kinds) {
    const Secret secret(kind.secret);
    EXPECT_EQ(good(authenticate_token(core, secret)), kind.name == "access") << kind.name;
    EXPECT_EQ(good(authenticate_personal_token(core, secret)), kind.name == "token") << kind.name;
    EXPECT_EQ(good(authenticate_user_key(core, secret)), kind.name == "key") << kind.name;
    EXPECT_EQ(good(authenticate_key(core, {client.client.id.str(), secret.copy()})), kind.name == "client")
        << kind.name;
    EXPECT_EQ(good(authenticate_key(core, {world_.admin.who.principal.id, secret.copy()})), false)
        << kind.name;
    EXPECT_EQ(world_.issuer->parse_refresh(secret).has_value(), kind.name == "refresh") << kind.name;
    EXPECT_FALSE(good(authenticate_password(core, {"root@example.org", secret.copy()}))) << kind.name;
    EXPECT_EQ(good(authenticate_bearer(core, secret)),
              kind.name == "access" || kind.name == "token" || kind.name == "key")
        << kind.name;
    // With the other prefix it is another secret.
    for (const std::string prefix : {"apt1_", "auk1_", "ak1_"}) {
      const auto cut = kind.secret.find('_');
      const Secret renamed(prefix + kind.secret.substr(cut == std::string::npos ? 0 : cut + 1));
      if (plain(renamed) != kind.secret) EXPECT_FALSE(good(authenticate_bearer(core, renamed))) << kind.name;
    }
  }
}

TEST_F(Tokens, AreRefusedAtOnceWhenTheyEnd) {
  const auto user = world_.make_user("ann");
  const Caller ann = world_.caller(user.id);
  for (const auto type : {Type::personal_token, Type::user_key}) {
    const auto token = make(ann, type);
    const Caller held = bearer(token.secret);
    EXPECT_EQ(life(held), "credential.valid");
    world_.run(revoke_token(*world_.core, manage(ann), token.row.id, {}));
    EXPECT_EQ(shown(token.secret), "token.unknown");
    EXPECT_EQ(life(held), "token.revoked");

    const auto reset = world_.run(reset_token(*world_.core, issue(ann), token.row.id, Seconds(60)));
    EXPECT_EQ(reset.row.id, token.row.id);
    EXPECT_EQ(reset.row.status, Status::enabled);
    EXPECT_FALSE(reset.row.revoked_at);
    EXPECT_EQ(shown(token.secret), "token.unknown");
    EXPECT_EQ(shown(reset.secret), "good");
    const Caller again = bearer(reset.secret);
    world_.clock.advance(Seconds(60));
    EXPECT_EQ(shown(reset.secret), "credential.expired");
    EXPECT_EQ(life(again), "credential.expired");

    const auto lasting = world_.run(reset_token(*world_.core, issue(ann), token.row.id, {}));
    EXPECT_EQ(shown(reset.secret), "token.unknown");
    EXPECT_EQ(shown(lasting.secret), "good");
    world_.run(delete_token(*world_.core, manage(ann), token.row.id, {}));
    EXPECT_EQ(shown(lasting.secret), "token.unknown");
  }
  EXPECT_EQ(world_.core->now().tokens(), 0u);
}

TEST_F(Tokens, EndWithTheirUser) {
  const auto user = world_.make_user("ann");
  const Caller ann = world_.caller(user.id);
  const auto key = make(ann, Type::user_key);
  const Caller held = bearer(key.secret);
  const auto set = [&](Status status) {
    world_.run(
        set_user_status(*world_.core, world_.permit<act::EnableUser>(world_.admin, user.id), status, {}));
  };
  set(Status::disabled);
  EXPECT_EQ(shown(key.secret), "user.disabled");
  EXPECT_EQ(life(held), "user.disabled");
  set(Status::enabled);
  EXPECT_EQ(shown(key.secret), "good");
  world_.run(delete_user(*world_.core, world_.permit<act::DeleteUser>(world_.admin, user.id), {}));
  EXPECT_EQ(shown(key.secret), "token.unknown");
  EXPECT_EQ(life(held), "user.disabled");
}

TEST_F(Tokens, AreMadeAndChangedByLoginsOnly) {
  const auto user = world_.make_user("ann");
  const Caller ann = world_.caller(user.id);
  const auto key = make(ann, Type::user_key);
  const auto token = make(ann, Type::personal_token, {"* *"});
  const auto self = user.id;
  for (const auto* secret : {&key.secret, &token.secret}) {
    const Caller with = bearer(*secret);
    const bool whole = secret == &key.secret;
    EXPECT_EQ(refusal<act::IssueTokens>(with, self), "credential.session_needed");
    EXPECT_EQ(refusal<act::ChangePassword>(with, self), "credential.session_needed");
    EXPECT_EQ(refusal<act::ManageTokens>(with, self), whole ? "allowed" : "credential.session_needed");
    EXPECT_EQ(refusal<act::ManageSessions>(with, self), whole ? "allowed" : "credential.session_needed");
    EXPECT_EQ(end_session(*world_.core, with, SessionId::trusted("s")).has_value(), whole);
    EXPECT_EQ(refusal<act::ReadUser>(with, self), "allowed");
  }
  // Not for others, whoever asks.
  EXPECT_EQ(refusal<act::IssueTokens>(world_.admin, self), "gate.denied");
  EXPECT_EQ(refusal<act::ManageTokens>(world_.admin, self), "allowed");
  const auto bob = world_.make_user("bob");
  EXPECT_EQ(refusal<act::ManageTokens>(world_.caller(bob.id), self), "object.missing");
}

TEST_F(Tokens, AreListedForTheirUserAndWhoeverManagesThem) {
  const Caller ann = world_.caller(world_.make_user("ann").id),
               bob = world_.caller(world_.make_user("bob").id);
  const auto key = make(ann, Type::user_key);
  const auto token = make(ann, Type::personal_token, {"client read"});
  make(bob, Type::user_key);
  const auto count = [&](const Caller& who, const UserId& of, std::optional<Type> type) {
    return must(world_.store->read([&](store::Read& read) {
             return list_tokens(read, world_.permit<act::ManageTokens>(who, of), type, {.count = true});
           }))
        .total;
  };
  EXPECT_EQ(count(ann, id_of(ann), {}), 2u);
  EXPECT_EQ(count(ann, id_of(ann), Type::user_key), 1u);
  EXPECT_EQ(count(world_.admin, id_of(ann), Type::personal_token), 1u);
  // What is another's is not there.
  const auto others = world_.try_run(revoke_token(*world_.core, manage(bob), key.row.id, {}));
  ASSERT_FALSE(others);
  EXPECT_EQ(others.error().reason, Reason("object.missing"));
  world_.run(revoke_token(*world_.core, world_.permit<act::ManageTokens>(world_.admin, id_of(ann)),
                          token.row.id, {}));
  EXPECT_EQ(shown(token.secret), "token.unknown");
}

TEST_F(Tokens, ChangeTheirNamesAndScopes) {
  const Caller& admin = world_.admin;
  const auto one = make(admin, Type::personal_token, {"client read", "client read * *"});
  const auto two = make(admin, Type::personal_token);
  EXPECT_EQ(one.row.scopes, Tags{"client read * *"});
  const auto rename = [&](const CredentialId& id, const std::string& name) {
    return world_.try_run(update_token(*world_.core, issue(admin), id, {.name = name}, {}));
  };
  ASSERT_TRUE(rename(one.row.id, "first"));
  const auto taken = rename(two.row.id, "first");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().reason, Reason("token.name_taken"));
  // A name is another's as soon as that is gone; and keys have names of their own.
  world_.run(delete_token(*world_.core, manage(admin), one.row.id, {}));
  EXPECT_TRUE(rename(two.row.id, "first"));
  const auto key = make(admin, Type::user_key);
  EXPECT_TRUE(rename(key.row.id, "first"));

  const Caller held = bearer(two.secret);
  const auto change = [&](ScopeChange how, const std::string& text) {
    return world_
        .run(
            change_scopes(*world_.core, issue(admin), two.row.id, how, {must(policy::parse_scope(text))}, {}))
        .scopes;
  };
  EXPECT_EQ(change(ScopeChange::add, "group read"), Tags{"group read * *"});
  EXPECT_EQ(life(held), "token.changed");
  EXPECT_EQ(life(bearer(two.secret)), "credential.valid");
  EXPECT_EQ(change(ScopeChange::add, "channel read"), (Tags{"channel read * *", "group read * *"}));
  EXPECT_EQ(change(ScopeChange::remove, "group read"), Tags{"channel read * *"});
  EXPECT_EQ(change(ScopeChange::set, "client read"), Tags{"client read * *"});
  // A new name alone changes nothing for who holds it.
  const Caller then = bearer(two.secret);
  ASSERT_TRUE(rename(two.row.id, "second"));
  EXPECT_EQ(life(then), "credential.valid");
  const auto of_key =
      world_.try_run(change_scopes(*world_.core, issue(admin), key.row.id, ScopeChange::set, {}, {}));
  ASSERT_FALSE(of_key);
  EXPECT_EQ(of_key.error().reason, Reason("token.scopes"));
}

TEST_F(Tokens, AreLimited) {
  world_.core->token_limits = {.per_user = 2, .scopes = 1, .lifetime = Seconds(100)};
  const Caller& admin = world_.admin;
  const auto reason = [&](NewToken fresh) {
    auto write = create_token(*world_.core, issue(admin), std::move(fresh));
    const auto made = world_.try_run(std::move(write));
    return made ? "made" : std::string(made.error().reason.slug());
  };
  const auto scope = [](std::string_view text) { return must(policy::parse_scope(text)); };
  EXPECT_EQ(reason({.name = "a", .scopes = {scope("client read"), scope("group read")}}),
            "token.scopes.too_many");
  EXPECT_EQ(reason({.type = Type::user_key, .name = "a", .scopes = {scope("client read")}}), "token.scopes");
  EXPECT_EQ(reason({.name = "a", .lifetime = Seconds(101)}), "token.lifetime");
  EXPECT_EQ(reason({.name = "a", .lifetime = Seconds(0)}), "token.lifetime");
  EXPECT_EQ(reason({.name = "a", .lifetime = Seconds(100)}), "made");
  EXPECT_EQ(reason({.name = "a"}), "token.name_taken");
  const auto token = make(admin, Type::personal_token, {"client read"});
  EXPECT_EQ(token.row.expires_at, world_.clock.now() + Seconds(100));
  EXPECT_EQ(reason({.name = "c"}), "token.too_many");
  EXPECT_EQ(reason({.type = Type::user_key, .name = "c"}), "made");
  const auto more = world_.try_run(
      change_scopes(*world_.core, issue(admin), token.row.id, ScopeChange::add, {scope("group read")}, {}));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().reason, Reason("token.scopes.too_many"));
}

TEST_F(Tokens, AreTheSameAfterARestart) {
  const auto token = make(world_.admin, Type::personal_token, {"client read", "group read * g1"});
  const auto before = bearer(token.secret);
  store::SnapshotHub again(policy::core_schema(), world_.clock, world_.log, world_.metrics);
  must(again.follow(*world_.store));
  const auto* record = again.view()->find_token(*before.who.key);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(*record->restrictions, *before.who.restrictions);
  EXPECT_EQ(record->id, token.row.id);
}

// A key that a client is given cannot look like a token.
TEST(GivenKeys, DoNotBeginAsTokensDo) {
  for (const std::string text : {"apt1_0123456789abcdef", "auk1_0123456789abcdef"})
    EXPECT_FALSE(check_given_key(Secret(text), "key")) << text;
}

}  // namespace
}  // namespace allauth::app
