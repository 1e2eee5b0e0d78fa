// From typed answers to HTTP responses, log lines and metrics; and what is refused at start.
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "allauth/v1/auth.pb.h"
#include "allauth/v1/clients.pb.h"
#include "allauth/v1/sessions.pb.h"
#include "allauth/v1/users.pb.h"
#include "google/protobuf/empty.pb.h"
#include "shelf.pb.h"
#include "wire/rest/face.h"
#include "wire/rest/testing/rig.h"
#include "wire/secrets.h"

namespace allauth::wire {
namespace {

constexpr auto* kGetUser = "allauth.v1.UserService.GetUser";

template <class Fn>
void bind_get_user(Rig& rig, Fn fn) {
  bind<v1::GetUserRequest, v1::User>(rig.methods, kGetUser, v1::KIND_READ, std::move(fn));
}

TEST(Answers, CarryTheEntityAndItsTag) {
  Rig rig;
  bind_get_user(rig, [](const Call&, const v1::GetUserRequest& request) -> Result<v1::User> {
    v1::User user;
    user.set_id(request.user_id());
    user.set_status(v1::STATUS_ENABLED);
    user.set_revision("r7");
    return user;
  });
  rig.ready();
  for (const auto* method : {"GET", "HEAD"}) {
    const auto r = rig.send(Rig::authorized(method, "/api/v1/users/u1", "", {{"X-Request-Id", "q-1"}}));
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(header(r, "Content-Type"), "application/json");
    EXPECT_EQ(header(r, "ETag"), "\"r7\"");
    EXPECT_EQ(header(r, "Cache-Control"), "no-store");
    EXPECT_EQ(header(r, "X-Request-Id"), "q-1");
    EXPECT_EQ(header(r, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(member(r.body, "id"), "u1");
    EXPECT_EQ(member(r.body, "status"), "enabled");
  }
}

TEST(Answers, SayCreatedAndDeleted) {
  Rig rig;
  bind<v1::CreateClientRequest, v1::CreateClientResponse>(
      rig.methods, "allauth.v1.ClientService.CreateClient", v1::KIND_WRITE,
      [](const Call&, const v1::CreateClientRequest& request) -> Result<v1::CreateClientResponse> {
        v1::CreateClientResponse response;
        response.mutable_client()->set_id("c|1");
        response.mutable_client()->set_domain_id(request.domain_id());
        response.set_key("once");
        return response;
      });
  bind<v1::DeleteClientRequest, google::protobuf::Empty>(
      rig.methods, "allauth.v1.ClientService.DeleteClient", v1::KIND_WRITE,
      [](const Call&, const v1::DeleteClientRequest&) -> Result<google::protobuf::Empty> {
        return google::protobuf::Empty();
      });
  rig.ready();
  const auto created = rig.send(Rig::authorized("POST", "/api/v1/domains/d1/clients", R"({"name":"n"})"));
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(header(created, "Location"), "/api/v1/clients/c%7C1");
  auto mounted = Rig::authorized("POST", "/api/v1/domains/d1/clients", R"({"name":"n"})");
  mounted.mount = "/auth";
  EXPECT_EQ(header(rig.send(std::move(mounted)), "Location"), "/auth/api/v1/clients/c%7C1");
  EXPECT_EQ(member(created.body, "domain_id"), "d1");
  EXPECT_EQ(member(created.body, "key"), "once");
  const auto deleted = rig.send(Rig::authorized("DELETE", "/api/v1/clients/c1"));
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(header(deleted, "Content-Type"), "(none)");
}

TEST(Answers, MapEachCodeToItsStatus) {
  const std::vector<std::pair<Code, int>> table = {{Code::invalid, 400},     {Code::unauthenticated, 401},
                                                   {Code::denied, 403},      {Code::not_found, 404},
                                                   {Code::conflict, 409},    {Code::stale, 412},
                                                   {Code::exhausted, 429},   {Code::unavailable, 503},
                                                   {Code::unsupported, 501}, {Code::bug, 500}};
  Code code = Code::invalid;
  Rig rig;
  bind_get_user(rig, [&](const Call&, const v1::GetUserRequest&) -> Result<v1::User> {
    return fail(Error{.code = code,
                      .reason = "some.reason",
                      .message = "A \"message\".",
                      .field = "a.b",
                      .detail = "inner-detail",
                      .retry_after = code == Code::exhausted ? std::optional(Seconds(7)) : std::nullopt});
  });
  rig.ready();
  for (const auto& [c, status] : table) {
    code = c;
    const auto r = rig.send(Rig::authorized("GET", "/api/v1/users/u1"));
    EXPECT_EQ(r.status, status);
    EXPECT_EQ(header(r, "Content-Type"), "application/problem+json");
    EXPECT_EQ(member(r.body, "type"), "about:blank");
    EXPECT_EQ(member(r.body, "status"), std::to_string(status));
    EXPECT_EQ(member(r.body, "reason"), "some.reason");
    EXPECT_EQ(member(r.body, "request_id"), header(r, "X-Request-Id"));
    EXPECT_EQ(member(r.body, "field"), c == Code::bug ? "(none)" : "a.b");
    EXPECT_EQ(r.body.find("message") == std::string::npos, c == Code::bug) << r.body;
    EXPECT_EQ(r.body.find("inner-detail"), std::string::npos) << r.body;
    EXPECT_EQ(header(r, "Retry-After"), c == Code::exhausted ? "7" : "(none)");
    EXPECT_EQ(header(r, "WWW-Authenticate") != "(none)", c == Code::unauthenticated);
  }
  const std::string log = rig.logged();
  EXPECT_NE(log.find("inner-detail; request_id="), std::string::npos) << log;
}

TEST(Answers, AreProblemsToTheLetter) {
  Rig rig;
  rig.ready();
  const auto r = rig.send(Rig::request("GET", "/nowhere"));
  EXPECT_EQ(
      r.body,
      R"({"type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing at this path.",)"
      R"("reason":"http.no_such_path","request_id":"id-1"})");
}

TEST(Answers, MayComeLaterFromAnotherThread) {
  Rig rig;
  Reply<v1::User> later;
  const v1::GetUserRequest* seen = nullptr;
  bind_get_user(rig, [&](const Call&, const v1::GetUserRequest& request, Reply<v1::User> reply) {
    later = std::move(reply);
    seen = &request;
  });
  rig.ready();
  const auto answer = rig.start(Rig::authorized("GET", "/api/v1/users/u1"));
  EXPECT_FALSE(answer->has_value());
  rig.drop_face();  // what the call needs lives on
  std::thread([&] {
    v1::User user;
    user.set_id(seen->user_id());
    later(std::move(user));
    later = {};
  }).join();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status, 200);
  EXPECT_EQ(member((*answer)->body, "id"), "u1");
}

TEST(Answers, MayBeLeftUndoneWhenTheClientHasGone) {
  Rig rig;
  Reply<v1::User> later;
  const Call* seen = nullptr;
  bind_get_user(rig, [&](const Call& call, const v1::GetUserRequest&, Reply<v1::User> reply) {
    later = std::move(reply);
    seen = &call;
  });
  rig.ready();
  auto request = Rig::authorized("GET", "/api/v1/users/u1");
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  request.gone = gone;
  const auto answer = rig.start(std::move(request));
  ASSERT_TRUE(seen != nullptr && seen->gone != nullptr);
  EXPECT_FALSE(*seen->gone);
  *gone = true;
  EXPECT_TRUE(*seen->gone);
  later(fail(Code::unavailable, "test.stopped", "Nobody waits."));
  EXPECT_EQ(member(rig.logged(), "reason"), "test.stopped");
}

TEST(Answers, OfWritesTellTheirRevision) {
  Rig rig;
  bind<v1::UpdateUserRequest, v1::User>(
      rig.methods, "allauth.v1.UserService.UpdateUser", v1::KIND_WRITE,
      [](const Call&, const v1::UpdateUserRequest&, Reply<v1::User> reply) { reply(v1::User(), 17); });
  bind_get_user(rig, [](const Call&, const v1::GetUserRequest&) -> Result<v1::User> { return v1::User(); });
  rig.ready();
  const auto written = rig.send(Rig::authorized("PATCH", "/api/v1/users/u1", "{}"));
  EXPECT_EQ(header(written, "Allauth-Revision"), "17");
  EXPECT_EQ(header(rig.send(Rig::authorized("GET", "/api/v1/users/u1")), "Allauth-Revision"), "(none)");
}

TEST(Answers, WaitForTheRevisionThatIsAskedFor) {
  Rig rig;
  std::uint64_t wanted = 0;
  std::move_only_function<void(Result<void>)> then;
  rig.at_least = [&](std::uint64_t revision, auto told) {
    wanted = revision;
    then = std::move(told);
  };
  int asked = 0;
  bind_get_user(rig, [&](const Call&, const v1::GetUserRequest&) -> Result<v1::User> {
    ++asked;
    return v1::User();
  });
  rig.ready();
  const auto start = [&] {
    return rig.start(Rig::authorized("GET", "/api/v1/users/u1", "", {{"Allauth-At-Least", "17"}}));
  };
  const auto fresh = start();
  EXPECT_EQ(wanted, 17U);
  EXPECT_TRUE(!fresh->has_value() && asked == 0) << "not before it is there";
  then({});
  ASSERT_TRUE(fresh->has_value());
  EXPECT_EQ((*fresh)->status, 200);
  EXPECT_EQ(asked, 1);
  const auto behind = start();
  then(fail(
      {.code = Code::unavailable, .reason = "state.behind", .message = "Later.", .retry_after = Seconds(1)}));
  ASSERT_TRUE(behind->has_value());
  EXPECT_EQ((*behind)->status, 503);
  EXPECT_EQ(header(**behind, "Retry-After"), "1");
  EXPECT_EQ(asked, 1);
}

TEST(Answers, AskForARevisionThatIsNone) {
  Rig rig;
  rig.at_least = [](std::uint64_t, auto then) { then({}); };
  rig.ready();
  for (const auto* value : {"", "x", "-1", "1.5", "\"17\"", "99999999999999999999"})
    EXPECT_EQ(rig.send(Rig::authorized("GET", "/api/v1/users/u1", "", {{"Allauth-At-Least", value}})).status,
              400)
        << value;
  const auto twice =
      Rig::authorized("GET", "/api/v1/users/u1", "", {{"Allauth-At-Least", "1"}, {"Allauth-At-Least", "2"}});
  EXPECT_EQ(rig.send(twice).status, 400);
}

TEST(Answers, AreBugsWhenAHandlerFailsItsDuty) {
  const std::vector<std::pair<std::string, Handler>> table = {
      {"method.unanswered", [](const Call&, const Message&, Done) {}},
      {"method.exception",
       [](const Call&, const Message&, Done) { throw std::runtime_error("inner-detail"); }},
      {"method.types",
       [](const Call&, const Message&, Done done) { done(Answer{std::make_unique<v1::Client>()}); }},
      {"method.types", [](const Call&, const Message&, Done done) { done(Answer{}); }}};
  for (const auto& [reason, handler] : table) {
    Rig rig;
    rig.methods.add(kGetUser, {.kind = v1::KIND_READ,
                               .request = v1::GetUserRequest::descriptor(),
                               .response = v1::User::descriptor(),
                               .run = handler});
    rig.ready();
    const auto r = rig.send(Rig::authorized("GET", "/api/v1/users/u1"));
    EXPECT_EQ(r.status, 500);
    EXPECT_EQ(member(r.body, "reason"), reason);
    EXPECT_EQ(r.body.find("inner-detail"), std::string::npos);
  }
}

TEST(Answers, AreLoggedAndCountedWithoutSecrets) {
  Rig rig;
  bind<v1::CreateSessionRequest, v1::Session>(
      rig.methods, "allauth.v1.SessionService.CreateSession", v1::KIND_WRITE_PASSWORD,
      [&](const Call&, const v1::CreateSessionRequest& request) -> Result<v1::Session> {
        rig.clock.advance(Millis(3));
        if (request.password() != "c4nary-right")
          return fail(Code::unauthenticated, "session.refused", "The login or the password is wrong.");
        v1::Session session;
        session.set_session_id("s1");
        session.set_access_token("c4nary-token");
        return session;
      });
  rig.ready();
  EXPECT_EQ(rig.send(Rig::request("POST", "/api/v1/sessions", R"({"login":"a","password":"c4nary-right"})",
                                  {{"X-Request-Id", "q-1"}}))
                .status,
            201);
  EXPECT_EQ(
      rig.send(Rig::request("POST", "/api/v1/sessions", R"({"login":"a","password":"c4nary-wrong"})")).status,
      401);
  rig.send(Rig::request("GET", "/c4nary-path?c4nary=query"));
  rig.send(Rig::request("GET", "/api/v1/users/c4nary?x=c4nary", "", {{"Authorization", "Bearer c4nary"}}));
  const std::string log = rig.logged();
  EXPECT_EQ(log.find("c4nary"), std::string::npos) << log;
  EXPECT_NE(
      log.find(
          R"("message":"request","method":"POST","route":"/api/v1/sessions","status":201,"reason":"ok",)"
          R"("duration_us":3000,"bytes_in":39,"bytes_out":135,"principal":"","source":"","request_id":"q-1",)"),
      std::string::npos)
      << log;
  EXPECT_NE(log.find(R"("route":"/api/v1/users/{user_id}","status":400)"), std::string::npos) << log;
  const std::string text = rig.metrics.render();
  const std::string label =
      R"(allauth_requests_total{method="allauth.v1.SessionService.CreateSession",code=)";
  EXPECT_NE(text.find(label + "\"ok\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find(label + "\"unauthenticated\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find(label + "\"denied\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find(R"(allauth_requests_total{method="none",code="not_found"} 1)"), std::string::npos);
  EXPECT_NE(text.find(R"(allauth_request_seconds_count{method="allauth.v1.SessionService.CreateSession"} 2)"),
            std::string::npos);
}

TEST(Secrets, AreWipedFromMessagesAtAnyDepth) {
  v1::AuthenticateRequest request;
  request.mutable_password()->set_login("ann");
  request.mutable_password()->set_password("correct horse battery staple");
  wipe_secrets(request);
  EXPECT_EQ(request.password().login(), "ann");
  EXPECT_EQ(request.password().password(), std::string(28, '\0'));

  test::v1::Book book;
  book.set_title("t");
  book.set_pin("1234");
  book.add_others()->set_name("n");
  wipe_secrets(book);
  EXPECT_EQ(book.pin(), std::string(4, '\0'));
  EXPECT_EQ(book.title(), "t");
  EXPECT_EQ(book.others(0).name(), "n");
}

TEST(PlainRoutes, ServeBesideTheApi) {
  Rig rig;
  rig.complete(native_services());
  auto face = rig.make(native_services());
  ASSERT_TRUE(face);
  ASSERT_TRUE(face->route("GET", "/.well-known/jwks.json", [](const http::Request&) {
    return http::Response{.status = 200, .headers = {{"Cache-Control", "max-age=60"}}, .body = "{}"};
  }));
  EXPECT_FALSE(face->route("GET", "/api/v1/users", [](const http::Request&) { return http::Response{}; }));
  rig.mount(std::move(*face).face());
  const auto r = rig.send(Rig::request("GET", "/.well-known/jwks.json"));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "{}");
  EXPECT_EQ(header(r, "Cache-Control"), "max-age=60");
  EXPECT_EQ(header(r, "X-Request-Id"), "id-1");
  EXPECT_EQ(header(rig.send(Rig::request("POST", "/.well-known/jwks.json")), "Allow"), "GET, HEAD, OPTIONS");
}

TEST(Repeats, AreTakenFromKnownCallersOfWritesAndSaidToBeSo) {
  Rig rig;
  std::vector<std::string> keys;
  bind<v1::EnableUserRequest, v1::User>(
      rig.methods, "allauth.v1.UserService.EnableUser", v1::KIND_WRITE,
      [&](const Call& call, const v1::EnableUserRequest&, Reply<v1::User> reply) {
        keys.push_back(call.idempotency_key.value_or("(none)"));
        reply(v1::User(), 17, call.idempotency_key.has_value());
      });
  bind_get_user(rig, [&](const Call& call, const v1::GetUserRequest&) -> Result<v1::User> {
    keys.push_back(call.idempotency_key.value_or("(none)"));
    return v1::User();
  });
  rig.ready();
  const auto enable = [&](http::Headers headers) {
    return rig.send(Rig::authorized("POST", "/api/v1/users/u1/enable", "", std::move(headers)));
  };
  const auto replayed = enable({{"Idempotency-Key", " order 1 "}});
  EXPECT_EQ(header(replayed, "Idempotency-Replayed"), "true");
  EXPECT_EQ(header(replayed, "Allauth-Revision"), "17");
  EXPECT_EQ(header(enable({}), "Idempotency-Replayed"), "(none)");
  rig.send(Rig::authorized("GET", "/api/v1/users/u1", "", {{"Idempotency-Key", "k"}}));
  EXPECT_EQ(keys, (std::vector<std::string>{"order 1", "(none)", "(none)"}));
  for (const auto& bad : {std::string(), std::string(65, 'x'), std::string("\xc3\xa4")})
    EXPECT_EQ(member(enable({{"Idempotency-Key", bad}}).body, "reason"), "idempotency.key");
  EXPECT_EQ(member(enable({{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}}).body, "reason"),
            "idempotency.key");
  const auto login = rig.send(Rig::request("POST", "/api/v1/sessions", "{}", {{"Idempotency-Key", "k"}}));
  EXPECT_EQ(member(login.body, "reason"), "idempotency.public");
}

TEST(Start, RefusesWhatCannotBeServed) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"NoRoute", "schema.route"},
      {"UnknownName", "schema.route"},
      {"BadTemplate", "route.template"},
      {"Integers64", "schema.type"},
      {"Maps", "schema.type"},
      {"StrayEnum", "schema.enum"},
      {"SecretInQuery", "schema.query"},
      {"MessageInQuery", "schema.query"},
      {"BodyWithGet", "schema.body"},
      {"CreateWithoutLocation", "schema.location"},
      {"UnknownLocation", "schema.location"},
      {"EntityWithoutRevision", "schema.entity"},
      {"Conflict", "route.conflict"},
      {"ClientStreams", "schema.method"}};
  for (const auto& [service, reason] : table) {
    Rig rig;
    const Rig::Services services{test::v1::Book::descriptor()->file()->FindServiceByName(service)};
    rig.complete(services);
    const auto face = rig.make(services);
    ASSERT_FALSE(face) << service;
    EXPECT_EQ(face.error().reason.slug(), reason) << service << ": " << face.error().message;
  }
}

TEST(Start, RefusesATableThatDoesNotFit) {
  const auto services = native_services();
  const auto reason = [&](auto change) {
    Rig rig;
    change(rig.methods);
    if (rig.methods.find(kGetUser) != nullptr) rig.complete(services);
    const auto face = rig.make(services);
    return face ? std::string("ok") : std::string(face.error().reason.slug());
  };
  const Method good{.kind = v1::KIND_READ,
                    .request = v1::GetUserRequest::descriptor(),
                    .response = v1::User::descriptor(),
                    .run = [](const Call&, const Message&, Done) {}};
  Method wrong_kind = good;
  wrong_kind.kind = v1::KIND_WRITE;
  Method wrong_type = good;
  wrong_type.response = v1::Client::descriptor();
  Method empty = good;
  empty.run = nullptr;
  EXPECT_EQ(reason([&](MethodTable& t) { t.add(kGetUser, good); }), "ok");
  EXPECT_EQ(reason([&](MethodTable&) {}), "method.unhandled");
  EXPECT_EQ(reason([&](MethodTable& t) { t.add(kGetUser, empty); }), "method.unhandled");
  EXPECT_EQ(reason([&](MethodTable& t) { t.add(kGetUser, wrong_kind); }), "method.kind");
  EXPECT_EQ(reason([&](MethodTable& t) { t.add(kGetUser, wrong_type); }), "method.types");
  EXPECT_EQ(reason([&](MethodTable& t) {
              t.add(kGetUser, good);
              t.add(kGetUser, good);
            }),
            "method.twice");
  EXPECT_EQ(reason([&](MethodTable& t) {
              t.add(kGetUser, good);
              t.add("allauth.v1.UserService.Nothing", good);
            }),
            "method.unknown");
}

}  // namespace
}  // namespace allauth::wire
