#include "app/identity/sessions.h"

#include <gtest/gtest.h>

#include "app/identity/authenticate.h"
#include "app/test_world.h"

namespace allauth::app {
namespace {

class Sessions : public ::testing::Test {
 protected:
  OpenSession login() {
    return world.run(
        open_session(*world.core, *world.issuer, {"Ada@Example.org", Secret("the garden of ada!!")}, "r"));
  }
  Result<OpenSession> refresh(const Secret& token) {
    auto prepared = world.store->read(
        [&](store::Read& read) { return refresh_session(*world.core, *world.issuer, read, token, "r"); });
    TRY(auto answer, world.try_run(std::move(prepared)));
    return answer;
  }
  Reason outcome(const Secret& access) {
    const auto answer = must(authenticate_token(*world.core, {access.copy()}));
    const auto* rejected = std::get_if<Rejected>(&answer);
    return rejected != nullptr ? rejected->reason : Reason("accepted");
  }

  TestWorld world;
  User ada = world.make_user("ada");
};

TEST_F(Sessions, OpenWithTheRightPasswordOnly) {
  EXPECT_EQ(outcome(login().access_token), Reason("accepted"));
  for (auto [name, password] : {std::pair{"ada@example.org", "the garden of bob!!"},
                                {"bob@example.org", "the garden of ada!!"},
                                {"", ""}}) {
    const auto refused = open_session(*world.core, *world.issuer, {name, Secret(std::string(password))}, "r");
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().reason, Reason("login.failed")) << name;
  }
}

TEST_F(Sessions, RefuseDisabledUsersLikeWrongPasswords) {
  world.run(
      set_user_status(*world.core, world.permit<act::EnableUser>(world.admin, ada.id), Status::disabled, {}));
  const auto refused =
      open_session(*world.core, *world.issuer, {"ada@example.org", Secret("the garden of ada!!")}, "r");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason("login.failed"));
}

TEST_F(Sessions, RotateTheirRefreshToken) {
  const auto first = login();
  const auto second = must(refresh(first.refresh_token));
  const auto third = must(refresh(second.refresh_token));
  EXPECT_EQ(third.session.generation, 3);
  EXPECT_EQ(outcome(third.access_token), Reason("accepted"));
}

TEST_F(Sessions, AreEndedByTheReuseOfARefreshToken) {
  const auto first = login();
  const auto second = must(refresh(first.refresh_token));
  world.clock.advance(kRefreshGrace);
  EXPECT_EQ(refresh(first.refresh_token).error().reason, Reason("token.refresh.used"));
  EXPECT_EQ(refresh(second.refresh_token).error().reason, Reason("session.ended"));
  EXPECT_EQ(outcome(second.access_token), Reason("session.revoked"));
}

TEST_F(Sessions, SurviveAClientThatDidNotGetTheAnswer) {
  const auto first = login();
  const auto second = must(refresh(first.refresh_token));
  EXPECT_EQ(refresh(first.refresh_token).error().reason, Reason("token.refresh.used"));
  EXPECT_TRUE(refresh(second.refresh_token));
}

TEST_F(Sessions, CannotBeEndedByMadeUpRefreshTokens) {
  const auto opened = login();
  std::string text = opened.refresh_token.copy().reveal();
  text.replace(text.rfind('.') + 1, 4, "AAAA");
  EXPECT_EQ(refresh(Secret(text)).error().reason, Reason("token.refresh.invalid"));
  for (std::string junk : {std::string(), std::string("ar1"), std::string("ar1.x.1."),
                           std::string("ar1.x.99999999999999999999.AAAA"), std::string(100'000, 'a'),
                           opened.access_token.copy().reveal()})
    EXPECT_EQ(refresh(Secret(junk)).error().reason, Reason("token.refresh.invalid")) << junk.substr(0, 40);
  EXPECT_TRUE(refresh(opened.refresh_token));
}

TEST_F(Sessions, ExpireAndTheirTokensWithThem) {
  const auto opened = login();
  world.clock.advance(Seconds(3600 + 60));
  EXPECT_EQ(outcome(opened.access_token), Reason("token.expired"));
  world.clock.advance(Seconds(86400));
  EXPECT_EQ(refresh(opened.refresh_token).error().reason, Reason("session.ended"));
}

TEST_F(Sessions, EndWithALogoutAndAllOfThemWithANewPassword) {
  const auto one = login();
  const auto two = login();
  const auto ada_caller = [&](const OpenSession& session) {
    return Caller{{.principal = {PrincipalKind::user, ada.id.str()}, .session = session.session.id}, "r"};
  };
  world.run(end_session(*world.core, ada_caller(one), one.session.id));
  EXPECT_EQ(outcome(one.access_token), Reason("session.revoked"));
  EXPECT_EQ(outcome(two.access_token), Reason("accepted"));

  const auto three = login();
  PasswordChange change{Secret("the garden of ada!!"), Secret("a much better password")};
  world.run(change_password(*world.core,
                            must(Gate(*world.core).require<act::ChangePassword>(ada_caller(three), ada.id)),
                            std::move(change)));
  EXPECT_EQ(outcome(two.access_token), Reason("session.revoked"));
  EXPECT_EQ(outcome(three.access_token), Reason("accepted"));
  EXPECT_TRUE(
      open_session(*world.core, *world.issuer, {"ada@example.org", Secret("a much better password")}, "r"));
}

TEST_F(Sessions, AreNotOpenedWithAPasswordThatChangedMeanwhile) {
  auto slow =
      open_session(*world.core, *world.issuer, {"ada@example.org", Secret("the garden of ada!!")}, "r");
  world.run(change_password(*world.core, world.permit<act::ChangePassword>(world.admin, ada.id),
                            {std::nullopt, Secret("a much better password")}));
  EXPECT_EQ(world.try_run(std::move(slow)).error().reason, Reason("login.failed"));
}

// The record that the user's password is checked against.
std::string record_of(const TestWorld& world, const User& user) {
  return world.core->now().thing(kind::user, user.id.str()).text->password_record;
}

class SessionsOfNewcomers : public Sessions {
 protected:
  User bring(const std::string& name, std::string hash) {
    return world.run(create_user(
        *world.core, world.permit<act::CreateUser>(world.admin, Platform{}),
        {.email = name + "@example.org", .common = {.name = name}, .password_hash = std::move(hash)}));
  }
  auto login_of(const std::string& email) {
    return open_session(*world.core, *world.issuer, {email, Secret("correct horse battery staple")}, "r");
  }
  const std::string bcrypt = "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS";
};

TEST_F(SessionsOfNewcomers, ReplaceTheRecordThatTheyBrought) {
  const User bob = bring("bob", bcrypt);
  EXPECT_EQ(record_of(world, bob), bcrypt);
  EXPECT_FALSE(open_session(*world.core, *world.issuer, {bob.email, Secret("correct horse battery")}, "r"));
  world.run(login_of(bob.email));
  const auto fresh = record_of(world, bob);
  EXPECT_TRUE(fresh.starts_with("$argon2id$")) << fresh;
  world.run(login_of(bob.email));
  EXPECT_EQ(record_of(world, bob), fresh) << "once is enough";
}

TEST_F(SessionsOfNewcomers, DoNotUndoAChangeOfThePassword) {
  const User bob = bring("bob", bcrypt);
  auto slow = login_of(bob.email);
  world.run(change_password(*world.core, world.permit<act::ChangePassword>(world.admin, bob.id),
                            {std::nullopt, Secret("a much better password")}));
  const auto changed = record_of(world, bob);
  EXPECT_EQ(world.try_run(std::move(slow)).error().reason, Reason("login.again"));
  EXPECT_EQ(login_of(bob.email).error().reason, Reason("login.failed"));
  EXPECT_EQ(record_of(world, bob), changed);
}

TEST_F(SessionsOfNewcomers, AskTheSecondOfTwoAtOnceToComeAgain) {
  const User bob = bring("bob", bcrypt);
  auto one = login_of(bob.email);
  auto two = login_of(bob.email);
  world.run(std::move(one));
  const auto lost = world.try_run(std::move(two));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::unavailable);
  EXPECT_EQ(lost.error().reason, Reason("login.again"));
  world.run(login_of(bob.email));
}

TEST_F(SessionsOfNewcomers, AreNotBroughtWithWhatCannotBeChecked) {
  const auto reason = [&](std::string hash, std::string password = {}) {
    return create_user(*world.core, world.permit<act::CreateUser>(world.admin, Platform{}),
                       {.email = "eve@example.org",
                        .common = {.name = "eve"},
                        .password = Secret(std::move(password)),
                        .password_hash = std::move(hash)})
        .error()
        .reason;
  };
  EXPECT_EQ(reason("$2b$20" + bcrypt.substr(6)), Reason("password_hash.unsupported"));
  EXPECT_EQ(reason("plain text"), Reason("password_hash.broken"));
  EXPECT_EQ(reason(bcrypt, "correct horse battery staple"), Reason("password.both"));
  EXPECT_EQ(reason(""), Reason("password.too_short"));
}

TEST_F(Sessions, TakeAPasswordHoweverItIsTyped) {
  const User kim = world.run(create_user(*world.core, world.permit<act::CreateUser>(world.admin, Platform{}),
                                         {.email = "kim@example.org",
                                          .common = {.name = "kim"},
                                          .password = Secret("die gr\u00F6\u00DFte T\u00FCr am Haus")}));
  world.run(open_session(*world.core, *world.issuer,
                         {kim.email, Secret("die gro\u0308\u00DFte Tu\u0308r am\u00A0Haus")}, "r"));
}

TEST_F(Sessions, AreNotOpenedByAUserDisabledMeanwhile) {
  auto slow =
      open_session(*world.core, *world.issuer, {"ada@example.org", Secret("the garden of ada!!")}, "r");
  world.run(
      set_user_status(*world.core, world.permit<act::EnableUser>(world.admin, ada.id), Status::disabled, {}));
  EXPECT_EQ(world.try_run(std::move(slow)).error().reason, Reason("login.failed"));
}

TEST_F(Sessions, CannotBeEndedByAClientWithTheIdOfTheirUser) {
  const auto opened = login();
  const auto domain = world.make_domain("plant");
  auto twin = world.run(create_client(*world.core, world.permit<act::CreateClient>(world.admin, domain.id),
                                      {.id = ClientId::trusted(ada.id.str()), .common = {.name = "twin"}}));
  Caller client{
      must(require_authenticated(authenticate_key(*world.core, {ada.id.str(), std::move(twin.key.key)}))),
      "r"};
  EXPECT_EQ(world.try_run(end_session(*world.core, client, opened.session.id)).error().code, Code::not_found);
  EXPECT_EQ(outcome(opened.access_token), Reason("accepted"));
}

TEST_F(Sessions, OfOthersCannotBeEnded) {
  const auto opened = login();
  const auto bob = world.make_user("bob");
  EXPECT_EQ(world.try_run(end_session(*world.core, world.caller(bob.id), opened.session.id)).error().code,
            Code::not_found);
  EXPECT_EQ(outcome(opened.access_token), Reason("accepted"));
}

TEST_F(Sessions, DieWithTheirUser) {
  const auto opened = login();
  world.run(delete_user(*world.core, world.permit<act::DeleteUser>(world.admin, ada.id), {}));
  EXPECT_NE(outcome(opened.access_token), Reason("accepted"));
  EXPECT_EQ(refresh(opened.refresh_token).error().reason, Reason("session.ended"));
}

TEST_F(Sessions, TakeTheirOwnPasswordToChangeIt) {
  const auto change = [&](std::optional<Secret> current) {
    return change_password(*world.core, world.permit<act::ChangePassword>(world.caller(ada.id), ada.id),
                           {std::move(current), Secret("a much better password")});
  };
  EXPECT_EQ(change(std::nullopt).error().reason, Reason("password.current_missing"));
  EXPECT_EQ(change(Secret("the garden of bob!!")).error().reason, Reason("password.wrong"));
}

TEST_F(Sessions, OfAUserAreListedAndEndedByThoseWhoManageTheUser) {
  const auto first = login(), second = login();
  const auto listed = [&](const Caller& who) {
    return must(world.store->read([&](store::Read& read) {
             return list_sessions_of(read, world.permit<act::ManageSessions>(who, ada.id), {},
                                     world.clock.now());
           }))
        .items;
  };
  EXPECT_EQ(listed(world.admin).size(), 2U);
  EXPECT_EQ(listed(world.caller(ada.id)).size(), 2U);
  const auto end = [&](const SessionId& session) {
    return world.try_run(
        end_session_of(*world.core, world.permit<act::ManageSessions>(world.admin, ada.id), session));
  };
  EXPECT_TRUE(end(first.session.id));
  EXPECT_EQ(outcome(first.access_token), Reason("session.revoked"));
  EXPECT_EQ(outcome(second.access_token), Reason("accepted"));
  EXPECT_EQ(end(first.session.id).error().reason, Reason("object.missing")) << "it has ended";

  const auto bob = world.make_user("bob");
  EXPECT_EQ(world
                .try_run(end_session_of(*world.core, world.permit<act::ManageSessions>(world.admin, bob.id),
                                        second.session.id))
                .error()
                .reason,
            Reason("object.missing"))
      << "another user's";
  EXPECT_EQ(Gate(*world.core).require<act::ManageSessions>(world.caller(bob.id), ada.id).error().reason,
            Reason("object.missing"));
}

TEST_F(Sessions, OfAUserEndAllAtOnceButTheOneThatIsKept) {
  const auto first = login(), second = login(), third = login();
  const auto end_all = [&](const SessionId& kept) {
    world.run(
        end_sessions_of(*world.core, world.permit<act::ManageSessions>(world.caller(ada.id), ada.id), kept));
  };
  end_all(second.session.id);
  EXPECT_EQ(outcome(first.access_token), Reason("session.revoked"));
  EXPECT_EQ(outcome(second.access_token), Reason("accepted"));
  EXPECT_EQ(outcome(third.access_token), Reason("session.revoked"));
  end_all({});
  EXPECT_EQ(outcome(second.access_token), Reason("session.revoked"));
  EXPECT_EQ(refresh(second.refresh_token).error().reason, Reason("session.ended"));
}

}  // namespace
}  // namespace allauth::app
