// What a node without password records makes of the answers of API nodes.
#include "server/stream/remote_passwords.h"

#include <gtest/gtest.h>

#include "net/test_support.h"

namespace allauth::server {
namespace {

using net::must;

constexpr std::string_view kGood = R"({"principal":{"kind":"user","id":"u1"}})";

// One after the other; they cannot be copied.
template <class... Targets>
std::vector<ApiTarget> targets(Targets... each) {
  std::vector<ApiTarget> made;
  (made.push_back(std::move(each)), ...);
  return made;
}

// An API node that gives the same answer to everybody; none at all for the status 0.
class ApiNode {
 public:
  ApiNode(net::TestPool& pool, int status, std::string_view body)
      : server_(must(net::HttpServer::start(
            pool.pool, {}, {},
            [this, status, body = std::string(body)](http::Request request, http::Responder respond) {
              std::lock_guard lock(mutex_);
              ++asked_;
              last_ = request.method + " " + request.path + " " + request.body;
              if (status == 0)
                held_.push_back(std::move(respond));
              else
                respond({.status = status, .headers = {}, .body = body, .stream = {}});
            }))) {}

  ApiTarget target() const {
    return {.server = fmt::format("http://127.0.0.1:{}", server_->port()), .from_server = true};
  }
  int asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  std::string last() const {
    std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  int asked_ = 0;
  std::string last_;
  std::vector<http::Responder> held_;
  std::unique_ptr<net::HttpServer> server_;
};

class RemoteLogins : public ::testing::Test {
 protected:
  // "u1", the reason of a refusal, or that of an error.
  std::string ask(const RemotePasswords& passwords, std::string password = "secret") {
    const auto outcome = passwords.ask({.login = "who@example.org", .password = Secret(std::move(password))});
    if (!outcome) return std::string(outcome.error().reason.slug());
    if (const auto* rejected = std::get_if<app::Rejected>(&*outcome))
      return std::string(rejected->reason.slug());
    return std::get<app::Authenticated>(*outcome).principal.id;
  }
  RemotePasswords passwords(std::vector<ApiTarget> servers, Millis longest = Seconds(20)) {
    return {std::move(servers), longest, pool.clock};
  }

  net::TestPool pool;
};

TEST_F(RemoteLogins, AreWhatAnApiNodeSays) {
  ApiNode good(pool, 200, kGood), bad(pool, 401, R"({"reason":"login.failed"})");
  EXPECT_EQ(ask(passwords(targets(good.target())), "a\"b\\c\n\xC3\xA4"), "u1");
  EXPECT_EQ(good.last(),
            "POST /api/v1/auth/authenticate "
            "{\"password\":{\"login\":\"who@example.org\",\"password\":\"a\\\"b\\\\c\\n\xC3\xA4\"}}");
  EXPECT_EQ(ask(passwords(targets(bad.target(), good.target()))), "login.failed");
  EXPECT_EQ(good.asked(), 1) << "a refusal is an answer; nobody else is asked";
}

TEST_F(RemoteLogins, AreThrottledWhereTheApiNodeSaysSo) {
  ApiNode strict(pool, 429, R"({"reason":"login.throttled"})"), good(pool, 200, kGood);
  EXPECT_EQ(ask(passwords(targets(strict.target(), good.target()))), "login.throttled");
  EXPECT_EQ(good.asked(), 0) << "else two nodes would look at twice as many";
}

TEST_F(RemoteLogins, SayWhereTheyWereTried) {
  ApiNode good(pool, 200, kGood);
  const auto outcome =
      passwords(targets(good.target()))
          .ask({.login = "a@b.c", .password = Secret(std::string("s")), .source = {.address = "192.0.2.1"}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(
      good.last(),
      R"(POST /api/v1/auth/authenticate {"password":{"login":"a@b.c","password":"s"},"source_address":"192.0.2.1"})");
}

TEST_F(RemoteLogins, AreNeverGoodByAnAnswerThatIsNone) {
  for (const auto& [status, body] :
       std::vector<std::pair<int, std::string>>{{200, ""},
                                                {200, "{}"},
                                                {200, "[]"},
                                                {200, "\"principal\""},
                                                {200, R"({"principal":"u1"})"},
                                                {200, R"({"principal":{"kind":"client","id":"u1"}})"},
                                                {200, R"({"principal":{"kind":"user"}})"},
                                                {200, R"({"principal":{"kind":"user","id":7}})"},
                                                {200, R"({"principal":{"kind":"user","id":""}})"},
                                                {200, R"({"principal":{"kind":"user","id":"a b"}})"},
                                                {200, std::string(kGood) + "x"},
                                                {200, std::string(100'000, '[')},
                                                {201, std::string(kGood)},
                                                {302, std::string(kGood)},
                                                {401, "{}"},
                                                {401, R"({"reason":"token.invalid"})"},
                                                {401, "login.failed"},
                                                {403, R"({"reason":"login.failed"})"},
                                                {429, R"({"reason":"server.busy"})"},
                                                {500, "oops"},
                                                {503, R"({"reason":"state.stale"})"}}) {
    ApiNode odd(pool, status, body), good(pool, 200, kGood);
    EXPECT_EQ(ask(passwords(targets(odd.target()))), "login.unavailable")
        << status << " " << body.substr(0, 60);
    EXPECT_EQ(ask(passwords(targets(odd.target(), good.target()))), "u1") << "the next one is asked";
  }
}

TEST_F(RemoteLogins, AskFirstWhoAnsweredLast) {
  ApiNode away(pool, 503, "{}"), good(pool, 200, kGood);
  const auto asking = passwords(targets(away.target(), good.target()));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(asking), "u1");
  EXPECT_EQ(away.asked(), 1);
  EXPECT_EQ(good.asked(), 3);
}

TEST_F(RemoteLogins, AreGivenUpInTimeAndSayNoSecret) {
  ApiNode silent(pool, 0, "");
  const auto outcome =
      passwords(targets(ApiTarget{.server = "http://127.0.0.1:1", .from_server = true}, silent.target()),
                Millis(200))
          .ask({.login = "who@example.org", .password = Secret(std::string("the password"))});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().reason, Reason("login.unavailable"));
  EXPECT_TRUE(outcome.error().retry_after);
  EXPECT_EQ(silent.asked(), 1);
  EXPECT_EQ((outcome.error().message + outcome.error().detail).find("the password"), std::string::npos);
}

}  // namespace
}  // namespace allauth::server
