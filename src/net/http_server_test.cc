#include "net/http_server.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "net/test_support.h"

namespace allauth::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Answers with what it got: "METHOD path?query body".
void echo(http::Request request, http::Responder respond) {
  respond({.status = 200,
           .headers = {{"X-Headers", std::to_string(request.headers.size())}},
           .body = request.method + " " + request.path + "?" + request.query + " " + request.body});
}

struct Served {
  explicit Served(http::Face face = echo, HttpLimits limits = {}, ListenerOptions options = {})
      : server(must(HttpServer::start(test.pool, std::move(options), limits, std::move(face)))) {}
  Client connect() { return Client(server->port()); }

  TestPool test;
  std::unique_ptr<HttpServer> server;
};

// Keeps requests until the test answers them.
struct Held {
  http::Face face() {
    return [this](http::Request request, http::Responder respond) {
      std::lock_guard lock(mutex);
      paths.push_back(std::move(request.path));
      responders.push_back(std::move(respond));
      came.notify_all();
    };
  }
  http::Responder take() {
    std::unique_lock lock(mutex);
    if (!came.wait_for(lock, kPatience, [this] { return !responders.empty(); }))
      throw std::runtime_error("no request came");
    auto responder = std::move(responders.front());
    responders.erase(responders.begin());
    return responder;
  }
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::string> paths;
  std::vector<http::Responder> responders;
};

std::string get(std::string_view path, std::string_view fields = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", path, fields);
}

TEST(HttpServers, AnswerOnOneConnectionAgainAndAgain) {
  Served served;
  Client client(served.server->port());
  for (int i = 0; i < 3; ++i) {
    client.send(fmt::format("POST /p{}?q HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", i));
    const auto response = client.read_response();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(response, HasSubstr(fmt::format("\r\n\r\nPOST /p{}?q abc", i)));
    EXPECT_THAT(response, Not(HasSubstr("Connection:")));
  }
  EXPECT_EQ(served.test.metric(R"(allauth_net_accepted_total{listener="main"})"), 1);
  EXPECT_EQ(served.test.metric(R"(allauth_net_requests_total{listener="main",class="2xx"})"), 3);
  EXPECT_EQ(served.test.metric(R"(allauth_net_request_seconds_count{listener="main"})"), 3);
  EXPECT_EQ(served.test.metric(R"(allauth_net_requests_in_flight{listener="main"})"), 0);
}

TEST(HttpServers, AnswerPipelinedRequestsInOrder) {
  Served served;
  Client client(served.server->port());
  std::string all;
  for (int i = 0; i < 500; ++i) all += get(fmt::format("/{}", i));
  all +=
      "POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: r\r\n\r\n";
  all += get("/last", "Connection: close\r\n") + get("/never");
  client.send(all);
  for (int i = 0; i < 500; ++i) EXPECT_THAT(client.read_response(), HasSubstr(fmt::format("GET /{}? ", i)));
  EXPECT_THAT(client.read_response(), HasSubstr("POST /chunked? hi"));
  const auto last = client.read_response();
  EXPECT_THAT(last, HasSubstr("GET /last? "));
  EXPECT_THAT(last, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpServers, ReadRequestsThatComeByteByByte) {
  Served served;
  Client client(served.server->port());
  const std::string text =
      "\r\nPOST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
      "PUT /two HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nwxyz";
  for (const char& c : text) client.send(std::string_view(&c, 1));
  EXPECT_THAT(client.read_response(), HasSubstr("POST /slow? abcde"));
  EXPECT_THAT(client.read_response(), HasSubstr("PUT /two? wxyz"));
}

TEST(HttpServers, CarryLargeBodiesBothWays) {
  Served served;
  Client client(served.server->port());
  std::string body(1024 * 1024, 'x');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  std::thread sender([&] {
    client.send(fmt::format("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.size()));
    client.send(body);
  });
  const auto response = client.read_response();
  sender.join();
  EXPECT_TRUE(response.ends_with(body));
}

TEST(HttpServers, AnswerHeadWithoutBody) {
  Served served;
  Client client(served.server->port());
  client.send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
  const auto head = client.read_response(false);
  EXPECT_THAT(head, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(client.read_response(), HasSubstr("GET /next? "));
}

TEST(HttpServers, SpeakHttp10) {
  Served served;
  Client once(served.server->port());
  once.send("GET /old HTTP/1.0\r\n\r\n");
  const auto closed = once.read_to_end();
  EXPECT_THAT(closed, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(closed, HasSubstr("GET /old? "));
  Client kept(served.server->port());
  for (int i = 0; i < 2; ++i) {
    kept.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(kept.read_response(), HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST(HttpServers, SendContinueWhenItIsExpected) {
  Served served;
  Client client(served.server->port());
  client.send("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.read_response(), HasSubstr("POST /c? ok"));
  client.send("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(client.read_to_end()), 413);
}

struct Refused {
  std::string text;
  int status;
  std::string reason;
};

TEST(HttpServers, RefuseWhatIsTooLargeOrNotOffered) {
  Served served([](http::Request, http::Responder) { ADD_FAILURE() << "the face was called"; });
  const Refused cases[] = {
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "http.target.too_long"},
      {get("/", "A: " + std::string(20000, 'a') + "\r\n"), 431, "http.header.too_large"},
      {get("/",
           [] {
             std::string many;
             for (int i = 0; i < 101; ++i) many += fmt::format("A{}: b\r\n", i);
             return many;
           }()),
       431, "http.header.too_many"},
      {get("/", "Content-Length: 1048577\r\n") + std::string(5000, 'x'), 413, "http.body.too_large"},
      {get("/", "Transfer-Encoding: chunked\r\n") + "100001\r\n", 413, "http.body.too_large"},
      {get("/", "Transfer-Encoding: chunked\r\n") + "zz\r\n", 400, "http.chunk.invalid"},
      {get("/", "Expect: miracles\r\n"), 417, "http.expectation.unknown"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501, "http.method.connect"},
      {"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "http.method.trace"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "http.host.missing"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http.version.unsupported"},
  };
  for (const auto& c : cases) {
    Client client(served.server->port());
    client.send(c.text);
    const auto response = client.read_to_end();
    EXPECT_EQ(status_of(response), c.status) << c.reason;
    EXPECT_THAT(response, HasSubstr(fmt::format("\"reason\":\"{}\"", c.reason)));
    EXPECT_THAT(response, HasSubstr("Content-Type: application/problem+json\r\n"));
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  }
  EXPECT_EQ(served.test.metric(R"(allauth_net_protocol_errors_total{listener="main"})"), std::size(cases));
}

TEST(HttpServers, DropWhatFollowsARefusedRequest) {
  Served served;
  Client client(served.server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n" + get("/smuggled"));
  const auto all = client.read_to_end();
  EXPECT_EQ(status_of(all), 400);
  EXPECT_THAT(all, Not(HasSubstr("smuggled")));
}

TEST(HttpServers, TakeTheAnswerFromAnotherThread) {
  Held held;
  Served served(held.face());
  Client client(served.server->port());
  client.send(get("/later") + get("/after"));
  for (const std::string body : {"one", "two"}) {
    auto responder = held.take();
    std::thread([&] { responder({.status = 202, .headers = {}, .body = body}); }).join();
    const auto response = client.read_response();
    EXPECT_EQ(status_of(response), 202);
    EXPECT_TRUE(response.ends_with(body));
  }
}

TEST(HttpServers, AnswerFiveHundredWhenNobodyElseDoes) {
  Held held;
  Served served(held.face());
  Client client(served.server->port());
  client.send(get("/dropped"));
  held.take() = nullptr;
  const auto response = client.read_response();
  EXPECT_EQ(status_of(response), 500);
  EXPECT_THAT(response, HasSubstr("http.answer.missing"));
  client.send(get("/again"));
  held.take()({.status = 200, .headers = {}, .body = "fine"});
  EXPECT_EQ(status_of(client.read_response()), 200);
}

TEST(HttpServers, SurviveAFaceThatThrows) {
  Served served([](http::Request, http::Responder) { throw std::runtime_error("oops"); });
  Client client(served.server->port());
  client.send(get("/") + get("/"));
  EXPECT_EQ(status_of(client.read_response()), 500);
  EXPECT_EQ(status_of(client.read_response()), 500);
  EXPECT_EQ(served.test.metric("allauth_net_handler_failures_total"), 2);
}

TEST(HttpServers, NeverSendASplitResponse) {
  Served served([](http::Request, http::Responder respond) {
    respond({.status = 200, .headers = {{"Location", "/a\r\nSet-Cookie: x"}}, .body = "b"});
  });
  Client client(served.server->port());
  client.send(get("/"));
  const auto response = client.read_response();
  EXPECT_EQ(status_of(response), 500);
  EXPECT_THAT(response, Not(HasSubstr("Set-Cookie")));
}

TEST(HttpServers, IgnoreASecondAnswer) {
  Served served([](http::Request, http::Responder respond) {
    respond({.status = 200, .headers = {}, .body = "first"});
    respond({.status = 200, .headers = {}, .body = "second"});
  });
  Client client(served.server->port());
  client.send(get("/") + get("/"));
  EXPECT_TRUE(client.read_response().ends_with("first"));
  EXPECT_TRUE(client.read_response().ends_with("first"));
}

TEST(HttpServers, AnswerAHalfClosedClient) {
  Held held;
  Served served(held.face());
  Client client(served.server->port());
  client.send(get("/half"));
  client.finish();
  held.take()({.status = 200, .headers = {}, .body = "still here"});
  EXPECT_THAT(client.read_to_end(), HasSubstr("still here"));
}

TEST(HttpServers, SurviveClientsThatLeaveBeforeTheirAnswer) {
  Held held;
  Served served(held.face());
  {
    Client(served.server->port()).send(get("/gone"));
  }
  auto responder = held.take();
  responder({.status = 200, .headers = {}, .body = std::string(4 << 20, 'x')});
  EXPECT_EQ(served.server->drain(Millis(20'000)), 0U);
}

TEST(HttpServers, CloseAConnectionThatServedItsShare) {
  HttpLimits limits;
  limits.requests = 2;
  Served served(echo, limits);
  Client client(served.server->port());
  client.send(get("/1") + get("/2") + get("/3"));
  EXPECT_THAT(client.read_response(), Not(HasSubstr("Connection: close")));
  EXPECT_THAT(client.read_response(), HasSubstr("Connection: close"));
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpServers, TellTheFaceWhoAsksAndUntilWhen) {
  std::promise<http::Request> seen;
  Served served([&](http::Request request, http::Responder respond) {
    seen.set_value(std::move(request));
    respond({});
  });
  const Tick before = served.test.clock.tick();
  Client client(served.server->port());
  client.send(get("/"));
  const auto request = wait_for(seen.get_future());
  EXPECT_EQ(request.peer.address, "127.0.0.1");
  EXPECT_NE(request.peer.port, 0);
  EXPECT_TRUE(request.peer.loopback);
  EXPECT_FALSE(request.peer.tls);
  EXPECT_GE(request.deadline, before + HttpLimits{}.answer_timeout);
}

}  // namespace
}  // namespace allauth::net
