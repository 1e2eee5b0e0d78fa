// From HTTP requests to typed ones: routes, credentials, negotiation, parameters, bodies.
#include "wire/rest/face.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "allauth/v1/auth.pb.h"
#include "allauth/v1/clients.pb.h"
#include "allauth/v1/sessions.pb.h"
#include "allauth/v1/users.pb.h"
#include "shelf.pb.h"
#include "wire/rest/testing/rig.h"

namespace allauth::wire {
namespace {

struct Refused {
  http::Request request;
  int status;
  std::string reason;
  std::string field = "(none)";
};

void expect_refused(Rig& rig, std::vector<Refused> cases) {
  for (auto& c : cases) {
    const std::string what =
        c.request.method + " " + c.request.path + "?" + c.request.query + " " + c.request.body;
    const http::Response r = rig.send(std::move(c.request));
    EXPECT_EQ(r.status, c.status) << what;
    EXPECT_EQ(member(r.body, "reason"), c.reason) << what;
    EXPECT_EQ(member(r.body, "field"), c.field) << what;
    EXPECT_EQ(header(r, "Content-Type"), "application/problem+json") << what;
  }
}

// Answers with what it was asked, as the names of a user.
void bind_echo(Rig& rig) {
  bind<v1::GetUserRequest, v1::User>(
      rig.methods, "allauth.v1.UserService.GetUser", v1::KIND_READ,
      [](const Call& call, const v1::GetUserRequest& request) -> Result<v1::User> {
        v1::User user;
        user.set_id(request.user_id());
        user.set_name(call.request_id);
        user.set_revision("r7");
        return user;
      });
}

TEST(Face, ServesEveryMethodOfTheApi) {
  Rig rig;
  rig.ready();
  int methods = 0;
  for (const auto* service : native_services()) {
    for (int i = 0; i < service->method_count(); ++i, ++methods) {
      const auto& rule = service->method(i)->options().GetExtension(v1::http);
      const bool with_body = !rule.body().empty();
      const auto [http_method, path] = [&]() -> std::pair<std::string, std::string> {
        if (rule.has_get()) return {"GET", rule.get()};
        if (rule.has_post()) return {"POST", rule.post()};
        if (rule.has_patch()) return {"PATCH", rule.patch()};
        if (rule.has_put()) return {"PUT", rule.put()};
        return {"DELETE", rule.delete_()};
      }();
      std::string filled = path;
      for (auto open = filled.find('{'); open != std::string::npos; open = filled.find('{'))
        filled.replace(open, filled.find('}') - open + 1, "x1");
      const auto r = rig.send(Rig::authorized(http_method, filled, with_body ? "{}" : ""));
      EXPECT_EQ(r.status, 501) << http_method << " " << filled << r.body;
      EXPECT_EQ(member(r.body, "reason"), "test.unsupported") << path;
    }
  }
  EXPECT_GE(methods, 45);
}

TEST(Face, RefusesUnknownPathsAndMethods) {
  Rig rig;
  rig.ready();
  expect_refused(rig, {{Rig::authorized("GET", "/"), 404, "http.no_such_path"},
                       {Rig::authorized("GET", "/api/v1/users/"), 404, "http.no_such_path"},
                       {Rig::authorized("GET", "/api/v2/users"), 404, "http.no_such_path"},
                       {Rig::authorized("OPTIONS", "/nothing"), 404, "http.no_such_path"},
                       {Rig::authorized("GET", "/api/v1/users/%zz"), 400, "path.encoding"},
                       {Rig::authorized("PUT", "/api/v1/users/u1"), 405, "http.method_not_allowed"}});
  const auto r = rig.send(Rig::authorized("PUT", "/api/v1/users/u1"));
  EXPECT_EQ(header(r, "Allow"), "DELETE, GET, HEAD, OPTIONS, PATCH");
  const auto options = rig.send(Rig::request("OPTIONS", "/api/v1/users"));
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(header(options, "Allow"), "GET, HEAD, OPTIONS, POST");
}

TEST(Face, NegotiatesJsonOnly) {
  Rig rig;
  bind_echo(rig);
  rig.ready();
  const auto accept = [&](std::string value) {
    return rig.send(Rig::authorized("GET", "/api/v1/users/u1", "", {{"Accept", std::move(value)}})).status;
  };
  for (const auto* good : {"application/json", "*/*", "application/*", "text/html, */*;q=0.1",
                           "Application/JSON;q=1.0", "text/html;q=0, application/json"})
    EXPECT_EQ(accept(good), 200) << good;
  for (const auto* bad : {"text/html", "application/xml, text/*", "application/json;q=0",
                          "*/*, application/json;q=0.000", "application/problem+json", ""})
    EXPECT_EQ(accept(bad), 406) << bad;

  const auto type = [&](http::Headers headers) {
    return rig.send(Rig::authorized("POST", "/api/v1/users", "{}", std::move(headers))).status;
  };
  for (const auto* good :
       {"application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=\"UTF-8\""})
    EXPECT_EQ(type({{"Content-Type", good}}), 501) << good;
  for (const auto* bad :
       {"", "text/json", "application/json; charset=latin1", "application/x-www-form-urlencoded",
        "application/jsonx", "application/merge-patch+json"})
    EXPECT_EQ(type({{"Content-Type", bad}}), 415) << bad;
  EXPECT_EQ(type({{"Content-Type", "application/json"}, {"content-type", "text/plain"}}), 415);
}

TEST(Face, AsksForACredentialUnlessPublic) {
  Rig rig;
  rig.ready();
  auto with = [](std::string authorization) {
    return Rig::request("GET", "/api/v1/users", "", {{"authorization", std::move(authorization)}});
  };
  expect_refused(rig, {{Rig::request("GET", "/api/v1/users"), 401, "auth.missing"},
                       {Rig::request("POST", "/api/v1/sessions", "{}"), 501, "test.unsupported"},
                       {with("Bearer"), 401, "auth.malformed"},
                       {with("Bearer a b"), 401, "auth.malformed"},
                       {with("Bearer \"a\""), 401, "auth.malformed"},
                       {with("Basic !!!"), 401, "auth.malformed"},
                       {with("Basic bm9jb2xvbg=="), 401, "auth.malformed"},
                       {with("Digest x"), 401, "auth.scheme"},
                       {with(""), 401, "auth.scheme"},
                       {with("bearer abc.def_-~+/="), 501, "test.unsupported"},
                       {with("Basic YTpiOmM="), 501, "test.unsupported"},
                       {Rig::authorized("GET", "/api/v1/users", "", {{"Authorization", "Bearer x"}}), 400,
                        "auth.header_twice"},
                       {Rig::authorized("GET", "/api/v1/users?access_token=x"), 400, "auth.token_in_query"},
                       {Rig::request("GET", "/api/v1/users?Access_Token=x"), 400, "auth.token_in_query"}});
  auto by_certificate = Rig::request("GET", "/api/v1/users");
  by_certificate.peer.certificate_der = "der";
  EXPECT_EQ(rig.send(std::move(by_certificate)).status, 501);
  EXPECT_EQ(header(rig.send(Rig::request("GET", "/api/v1/users")), "WWW-Authenticate"),
            "Bearer realm=\"allauth\"");
}

TEST(Face, HandsOnWhatTheCallBrings) {
  Rig rig;
  std::vector<Call> calls;
  std::vector<v1::UpdateUserRequest> requests;
  bind<v1::UpdateUserRequest, v1::User>(
      rig.methods, "allauth.v1.UserService.UpdateUser", v1::KIND_WRITE,
      [&](const Call& call, const v1::UpdateUserRequest& request, Reply<v1::User> reply) {
        Call copy;
        if (call.bearer) copy.bearer = call.bearer->copy();
        if (call.basic) copy.basic = BasicCredential{call.basic->name, call.basic->password.copy()};
        copy.request_id = call.request_id;
        copy.peer = call.peer;
        copy.deadline = call.deadline;
        copy.if_match = call.if_match;
        copy.present = call.present;
        calls.push_back(std::move(copy));
        requests.push_back(request);
        reply(v1::User());
      });
  rig.ready();
  auto first = Rig::authorized("PATCH", "/api/v1/users/u%40x", R"({"tags":["a"],"name":"N"})",
                               {{"If-Match", "\"r6\""}, {"X-Request-Id", "mine-1"}});
  first.peer.address = "10.0.0.1";
  first.deadline = Tick(Seconds(5));
  EXPECT_EQ(rig.send(std::move(first)).status, 200);
  EXPECT_EQ(rig.send(Rig::request(
                         "PATCH", "/api/v1/users/me", "",
                         {{"Authorization", "Basic dTpwOnA="}, {"If-Match", "*"}, {"X-Request-Id", "a b"}}))
                .status,
            200);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_TRUE(calls[0].bearer->with([](std::string_view t) { return t == "t0ken"; }));
  EXPECT_FALSE(calls[0].basic);
  EXPECT_EQ(calls[0].request_id, "mine-1");
  EXPECT_EQ(calls[0].peer.address, "10.0.0.1");
  EXPECT_EQ(calls[0].deadline, Tick(Seconds(5)));
  EXPECT_EQ(calls[0].if_match, "r6");
  EXPECT_EQ(calls[0].present, (std::vector<std::string>{"tags", "name"}));
  EXPECT_EQ(requests[0].user_id(), "u@x");
  EXPECT_EQ(requests[0].name(), "N");
  EXPECT_FALSE(calls[1].bearer);
  EXPECT_EQ(calls[1].basic->name, "u");
  EXPECT_TRUE(calls[1].basic->password.with([](std::string_view t) { return t == "p:p"; }));
  EXPECT_EQ(calls[1].request_id, "id-1");
  EXPECT_FALSE(calls[1].if_match);
  EXPECT_TRUE(calls[1].present.empty());
}

TEST(Face, RefusesBadPreconditions) {
  Rig rig;
  rig.ready();
  const auto with = [](std::string if_match) {
    return Rig::authorized("PATCH", "/api/v1/users/u1", "{}", {{"If-Match", std::move(if_match)}});
  };
  expect_refused(rig, {{with("W/\"r\""), 412, "precondition.weak"},
                       {with("r"), 400, "precondition.if_match"},
                       {with("W/\"r\", W/\"s\""), 412, "precondition.weak"},
                       {with("\"a\", \"b\""), 400, "precondition.if_match"},
                       {with("\"a\" \"a\""), 400, "precondition.if_match"},
                       {with("*, \"a\""), 400, "precondition.if_match"},
                       {with("\"a b\""), 400, "precondition.if_match"},
                       {with(""), 400, "precondition.if_match"},
                       {with("\""), 400, "precondition.if_match"},
                       {Rig::authorized("PATCH", "/api/v1/users/u1", "{}", {{"If-None-Match", "*"}}), 400,
                        "precondition.if_none_match"},
                       {Rig::authorized("GET", "/api/v1/users/u1", "", {{"If-None-Match", "x"}}), 400,
                        "precondition.if_none_match"}});
}

TEST(Face, AnswersReadsByTheirConditions) {
  Rig rig;
  bind_echo(rig);
  rig.ready();
  struct Case {
    std::string name, value;
    int status;
  };
  const std::vector<Case> table = {
      {"If-None-Match", "\"r7\"", 304},
      {"If-None-Match", "W/\"r7\"", 304},
      {"If-None-Match", "\"r6\", \"r7\"", 304},
      {"If-None-Match", " , \"r6\",, W/\"r7\" ,", 304},
      {"If-None-Match", "\"a,b\", \"r7\"", 304},
      {"If-None-Match", "*", 304},
      {"If-None-Match", "\"r6\"", 200},
      {"If-None-Match", "\"R7\"", 200},
      {"If-None-Match", "\"\"", 200},
      {"If-Match", "\"r7\"", 200},
      {"If-Match", "\"r7\", W/\"r6\"", 200},
      {"If-Match", "\"r7\", \"r7\"", 200},
      {"If-Match", "*", 200},
      {"If-Match", "\"r6\"", 412},
      {"If-Match", "W/\"r7\"", 412},
  };
  for (const auto& c : table) {
    for (const char* method : {"GET", "HEAD"}) {
      const auto r = rig.send(Rig::authorized(method, "/api/v1/users/u1", "", {{c.name, c.value}}));
      EXPECT_EQ(r.status, c.status) << c.name << ": " << c.value;
      if (c.status != 412) EXPECT_EQ(header(r, "ETag"), "\"r7\"") << c.value;
      if (c.status == 304) EXPECT_EQ(r.body, "");
    }
  }
}

TEST(Face, AnswersThePartsThatAreAskedFor) {
  Rig rig;
  bind_echo(rig);
  bind<v1::ListUsersRequest, v1::ListUsersResponse>(
      rig.methods, "allauth.v1.UserService.ListUsers", v1::KIND_READ,
      [](const Call&, const v1::ListUsersRequest&) -> Result<v1::ListUsersResponse> {
        v1::ListUsersResponse response;
        for (const char* id : {"a", "b"}) response.add_users()->set_id(id);
        response.set_next_page_token("t");
        return response;
      });
  rig.ready();
  const auto get = [&](const std::string& path) { return rig.send(Rig::authorized("GET", path)); };
  const auto part = get("/api/v1/users/u1?fields=id,tags");
  EXPECT_EQ(part.body, R"({"id":"u1","tags":[]})");
  EXPECT_EQ(header(part, "ETag"), "\"r7\"");
  EXPECT_EQ(get("/api/v1/users?fields=users.id,next_page_token").body,
            R"({"users":[{"id":"a"},{"id":"b"}],"next_page_token":"t"})");
  EXPECT_EQ(get("/api/v1/users?fields=users.id&fields=x").status, 400);
  expect_refused(
      rig, {{Rig::authorized("GET", "/api/v1/users/u1?fields=nmae"), 400, "fields.path", "fields"},
            {Rig::authorized("GET", "/api/v1/users/u1?fields="), 400, "fields.path", "fields"},
            {Rig::authorized("PATCH", "/api/v1/users/u1?fields=id", "{}"), 400, "query.unknown", "fields"}});
}

TEST(Face, BoundsAndChecksBodies) {
  Rig rig;
  rig.options.max_body = 100;
  rig.ready();
  expect_refused(
      rig,
      {{Rig::authorized("POST", "/api/v1/users", R"({"name":")" + std::string(100, 'x') + "\"}"), 413,
        "http.body_too_large"},
       {Rig::authorized("POST", "/api/v1/users", "{"), 400, "json.syntax"},
       {Rig::authorized("POST", "/api/v1/users", R"({"tags":["a",1]})"), 400, "json.type", "tags[1]"},
       {Rig::authorized("POST", "/api/v1/users", R"({"status":"enabled"})"), 400, "json.unknown_member",
        "status"},
       {Rig::authorized("PATCH", "/api/v1/users/u1", R"({"user_id":"u2"})"), 400, "json.unknown_member",
        "user_id"},
       {Rig::authorized("PATCH", "/api/v1/users/u1", R"({"update_mask":{"paths":["name"]}})"), 400,
        "json.unknown_member", "update_mask"},
       {Rig::authorized("POST", "/api/v1/users/u1/enable", R"({"x":1})"), 400, "json.unknown_member", "x"},
       {Rig::authorized("POST", "/api/v1/users?name=x", "{}"), 400, "query.unknown", "name"},
       {Rig::authorized("DELETE", "/api/v1/users/u1", "{}"), 400, "body.unexpected"},
       {Rig::authorized("GET", "/api/v1/users", "{}"), 400, "body.unexpected"},
       {Rig::authorized("GET", "/api/v1/users?page_size=x"), 400, "json.type", "page_size"},
       {Rig::authorized("GET", "/api/v1/users?page_size=-1"), 400, "json.range", "page_size"},
       {Rig::authorized("GET", "/api/v1/users?page_size=1&page_size=2"), 400, "query.duplicate", "page_size"},
       {Rig::authorized("GET", "/api/v1/users?nope=1"), 400, "query.unknown", "nope"},
       {Rig::authorized("GET", "/api/v1/users/u1?user_id=u2"), 400, "query.unknown", "user_id"},
       {Rig::authorized("GET", "/api/v1/users?page_token=%zz"), 400, "query.encoding"}});
}

TEST(Face, TypesQueryParametersAndNamedBodies) {
  Rig rig;
  test::v1::FindBooks found;
  test::v1::PutBook put;
  std::vector<std::string> present;
  bind<test::v1::FindBooks, test::v1::Book>(
      rig.methods, "allauth.test.v1.ShelfService.Find", v1::KIND_READ,
      [&](const Call&, const test::v1::FindBooks& r) -> Result<test::v1::Book> {
        found = r;
        return test::v1::Book();
      });
  bind<test::v1::PutBook, test::v1::Book>(
      rig.methods, "allauth.test.v1.ShelfService.CreateBook", v1::KIND_WRITE,
      [&](const Call& call, const test::v1::PutBook& r) -> Result<test::v1::Book> {
        put = r;
        present = call.present;
        return r.book();
      });
  rig.ready({test::v1::Book::descriptor()->file()->FindServiceByName("ShelfService")});
  const auto r = rig.send(Rig::request(
      "GET",
      "/books?tags=a%26b&tags=c+d&color=dark_blue&lent=true&shelf=-2&limit=9&since=2026-11-22T05:12:00Z"
      "&metadata=%7B%22site%22:%22a%22%7D"));
  EXPECT_EQ(r.status, 200) << r.body;
  EXPECT_EQ(found.tags_size(), 2);
  EXPECT_EQ(found.tags(0), "a&b");
  EXPECT_EQ(found.tags(1), "c d");
  EXPECT_EQ(found.color(), test::v1::BOOK_COLOR_DARK_BLUE);
  EXPECT_TRUE(found.lent());
  EXPECT_EQ(found.shelf(), -2);
  EXPECT_EQ(found.limit(), 9u);
  EXPECT_EQ(found.since().seconds(), 1795324320);
  EXPECT_EQ(found.metadata().fields().at("site").string_value(), "a");
  expect_refused(rig, {{Rig::authorized("GET", "/books?metadata=x"), 400, "json.syntax", "metadata"},
                       {Rig::authorized("GET", "/books?metadata=%5B%5D"), 400, "json.type", "metadata"},
                       {Rig::authorized("GET", "/books?since=today"), 400, "json.time", "since"},
                       {Rig::authorized("GET", "/books?metadata=%7B%7D&metadata=%7B%7D"), 400,
                        "query.duplicate", "metadata"}});

  const auto created = rig.send(Rig::authorized("POST", "/shelves/s1/books?dry=true",
                                                R"({"id":"b 1","author":{"name":"ä"},"revision":"7"})"));
  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(put.shelf_id(), "s1");
  EXPECT_TRUE(put.dry());
  EXPECT_EQ(present, (std::vector<std::string>{"id", "author", "revision"}));
  EXPECT_EQ(header(created, "Location"), "/books/b%201/by/%C3%A4");
  EXPECT_EQ(header(created, "ETag"), "\"7\"");
}

TEST(Face, LimitsAnAddressBeforeItReadsWhatItSends) {
  Rig rig;
  Limits limits;
  limits.source[static_cast<std::size_t>(WorkKind::login)] = {.count = 1, .burst = 1};
  limits.source[static_cast<std::size_t>(WorkKind::question)] = {.count = 1, .burst = 2};
  Limiter limiter(rig.clock, rig.metrics, 1, limits);
  rig.limiter = &limiter;
  rig.ready();
  const auto login = [] { return Rig::request("POST", "/api/v1/sessions", "no json at all"); };
  EXPECT_EQ(rig.send(login()).status, 400);
  const auto refused = rig.send(login());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(member(refused.body, "reason"), "limit.source");
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  EXPECT_EQ(rig.send(Rig::authorized("GET", "/api/v1/users/u1")).status, 501) << "reads have no limit";
  EXPECT_EQ(rig.send(Rig::request("GET", "/nowhere")).status, 404);
  EXPECT_EQ(rig.send(Rig::request("OPTIONS", "/api/v1/users")).status, 204);
  EXPECT_EQ(rig.send(Rig::request("GET", "/nowhere")).status, 429) << "what leads nowhere counts, too";
}

TEST(Face, GivesTheHandlerAStepOfItsOwnInTheCallersTrace) {
  Rig rig;
  std::vector<codec::TraceContext> traces;
  bind<v1::GetUserRequest, v1::User>(rig.methods, "allauth.v1.UserService.GetUser", v1::KIND_READ,
                                     [&](const Call& call, const v1::GetUserRequest&) -> Result<v1::User> {
                                       traces.push_back(call.trace);
                                       return v1::User();
                                     });
  rig.ready();
  const http::Header parent{"Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
  for (const auto& headers : std::vector<http::Headers>{
           {parent, {"tracestate", "a=1"}, {"tracestate", "b=2"}}, {parent, parent}, {}})
    rig.send(Rig::authorized("GET", "/api/v1/users/u1", "", headers));
  ASSERT_EQ(traces.size(), 3u);
  EXPECT_EQ(codec::trace_id_text(traces[0]), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(codec::to_traceparent(traces[0]), parent.value);
  EXPECT_EQ(traces[0].state, "a=1,b=2");
  EXPECT_NE(codec::trace_id_text(traces[1]), codec::trace_id_text(traces[0]))
      << "given twice, it says nothing";
  EXPECT_NE(codec::trace_id_text(traces[2]), codec::trace_id_text(traces[1]));
}

}  // namespace
}  // namespace allauth::wire
