#include "server/run/mounts.h"

#include <gtest/gtest.h>

namespace allauth::server {
namespace {

class Numbers final : public IdSource {
 public:
  std::string next() override { return "id-" + std::to_string(++n_); }

 private:
  int n_ = 0;
};

// Says who it is and what it sees.
http::Face echo(std::string name) {
  return [name](const http::Request& r, http::Responder respond) {
    respond({.status = 200, .headers = {}, .body = fmt::format("{} {} {}", name, r.path, r.mount)});
  };
}

struct Site {
  Numbers ids;
  Metrics metrics;

  http::Response ask(const http::Face& face, http::Request request) {
    http::Response got{.status = 0, .headers = {}, .body = {}};
    face(std::move(request), [&](http::Response response) { got = std::move(response); });
    return got;
  }
  std::string at(const http::Face& face, std::string path) {
    const auto response = ask(face, {.method = "GET", .path = std::move(path)});
    return response.status == 200 ? response.body : fmt::to_string(response.status);
  }
};

TEST(Mounts, GiveARequestToTheLongestPrefix) {
  Site site;
  const auto face =
      mount_all({{"/", echo("root")}, {"/supermq", echo("smq")}, {"/a/b", echo("ab")}}, site.ids);
  struct Case {
    std::string path, answer;
  };
  for (const auto& c :
       std::vector<Case>{{"/", "root / "},
                         {"/api/v1/users", "root /api/v1/users "},
                         {"*", "root * "},
                         {"/supermq", "smq / /supermq"},
                         {"/supermq/", "smq / /supermq"},
                         {"/supermq/health", "smq /health /supermq"},
                         {"/supermq/x/y%2Fz", "smq /x/y%2Fz /supermq"},
                         {"/supermq//x", "smq //x /supermq"},
                         {"/supermqx", "root /supermqx "},
                         {"/SuperMQ/x", "root /SuperMQ/x "},
                         {"/a/b/c", "ab /c /a/b"},
                         {"/a", "root /a "},
                         {"/a/bc", "root /a/bc "},
                         // What only looks like the prefix when it is decoded or tidied up is not at it.
                         {"//supermq/x", "root //supermq/x "},
                         {"/%73upermq/x", "root /%73upermq/x "},
                         {"/supermq%2Fx", "root /supermq%2Fx "},
                         {"/a//b", "root /a//b "},
                         {"/supermq;x", "root /supermq;x "},
                         {"/supermq/..x/.y/z..", "smq /..x/.y/z.. /supermq"},
                         {"/supermq/...", "smq /... /supermq"},
                         // Nothing is resolved.
                         {"/supermq/..", "400"},
                         {"/supermq/../api/v1/users", "400"},
                         {"/supermq/./x", "400"},
                         {"/./supermq", "400"},
                         {"/..", "400"},
                         {"/supermq/%2e%2E/api", "400"},
                         {"/supermq/.%2e/api", "400"},
                         {"/supermq/%2e/x", "400"},
                         {"/x/%2E", "400"}})
    EXPECT_EQ(site.at(face, c.path), c.answer) << c.path;
}

TEST(Mounts, AnswerWhereNothingIsMounted) {
  Site site;
  const auto face = mount_all({{"/toy", echo("toy")}}, site.ids);
  EXPECT_EQ(site.at(face, "/toy/x"), "toy /x /toy");
  const auto missing = site.ask(face, {.method = "GET", .path = "/health"});
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.body.find("\"http.no_such_path\""), std::string::npos) << missing.body;
  EXPECT_NE(missing.body.find("\"id-1\""), std::string::npos) << missing.body;
  const auto dots = site.ask(face, {.method = "GET", .path = "/toy/.."});
  EXPECT_NE(dots.body.find("\"path.dot_segments\""), std::string::npos) << dots.body;
}

TEST(Mounts, AreToldWhoAsksAndCountWhatIsNotBelieved) {
  Site site;
  http::Peer seen;
  const http::Trust trust{.callers = Networks::parse("192.0.2.1").value(),
                          .proxies = Networks::parse("10.0.0.1").value()};
  const auto face =
      with_trust(trust, "listener.0", site.metrics, [&](http::Request request, http::Responder respond) {
        seen = std::move(request.peer);
        respond({.status = 200, .headers = {}, .body = {}});
      });
  const auto ask = [&](std::string from, http::Headers headers) {
    http::Request request{.method = "GET", .path = "/", .headers = std::move(headers)};
    request.peer.address = std::move(from);
    site.ask(face, std::move(request));
  };
  ask("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1"}});
  EXPECT_EQ(seen.address, "192.0.2.1");
  EXPECT_EQ(seen.via, "10.0.0.1");
  EXPECT_TRUE(seen.trusted);
  ask("192.0.2.1", {{"X-Forwarded-For", "1.1.1.1"}});
  EXPECT_FALSE(seen.trusted);
  ask("10.0.0.1", {{"X-Forwarded-For", "?"}});
  ask("10.0.0.1", {{"Forwarded", "for=?"}});
  const auto text = site.metrics.render();
  for (std::string_view line :
       {R"(allauth_net_forwarded_ignored_total{listener="listener.0",cause="untrusted"} 1)",
        R"(allauth_net_forwarded_ignored_total{listener="listener.0",cause="malformed"} 2)"})
    EXPECT_NE(text.find(line), std::string::npos) << text;
}

}  // namespace
}  // namespace allauth::server
