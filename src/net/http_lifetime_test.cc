// How connections end: timeouts, draining, caps.
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "net/http_server.h"
#include "net/test_support.h"

namespace allauth::net {
namespace {

using testing::HasSubstr;

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";

void ok(http::Request, http::Responder respond) { respond({.status = 200, .headers = {}, .body = "ok"}); }

// A face whose requests wait for the test.
struct Gate {
  http::Face face() {
    return [this](http::Request, http::Responder respond) {
      std::lock_guard lock(mutex);
      responders.push_back(std::move(respond));
      came.notify_all();
    };
  }
  void await(std::size_t count) {
    std::unique_lock lock(mutex);
    if (!came.wait_for(lock, kPatience, [&] { return responders.size() >= count; }))
      throw std::runtime_error("no request came");
  }
  void open() {
    std::lock_guard lock(mutex);
    for (auto& respond : responders) respond({.status = 200, .headers = {}, .body = "late"});
    responders.clear();
  }
  std::mutex mutex;
  std::condition_variable came;
  std::vector<http::Responder> responders;
};

// Requests that nobody answers, and whether their clients have gone.
struct Kept {
  http::Face face() {
    return [this](http::Request request, http::Responder respond) {
      std::lock_guard lock(mutex);
      gone.push_back(request.gone);
      responders.push_back(std::move(respond));
    };
  }
  std::size_t count() {
    std::lock_guard lock(mutex);
    return gone.size();
  }
  bool has_gone(std::size_t which) {
    std::lock_guard lock(mutex);
    return *gone.at(which);
  }
  std::mutex mutex;
  std::vector<std::shared_ptr<const std::atomic<bool>>> gone;
  std::vector<http::Responder> responders;
};

TEST(HttpClients, ThatLeaveAreSeenToBeGoneWhileTheyAreAnswered) {
  TestPool test;
  Kept kept;
  HttpLimits limits;
  limits.look_for_client = Millis(1);
  const auto server = must(HttpServer::start(test.pool, {}, limits, kept.face()));
  Client stays(server->port());
  stays.send(kGet);
  ASSERT_TRUE(eventually([&] { return kept.count() == 1; }));
  {
    Client leaves(server->port());
    leaves.send(kGet);
    leaves.send(kGet);  // not read yet
    ASSERT_TRUE(eventually([&] { return kept.count() == 2; }));
    EXPECT_FALSE(kept.has_gone(1));
  }
  EXPECT_TRUE(eventually([&] { return kept.has_gone(1); }));
  EXPECT_FALSE(kept.has_gone(0));
  stays.finish();  // ends its side, and still reads
  EXPECT_TRUE(eventually([&] { return kept.has_gone(0); }));
  std::lock_guard lock(kept.mutex);
  for (auto& respond : kept.responders) respond({.status = 200, .headers = {}, .body = "late"});
  EXPECT_EQ(status_of(stays.read_response()), 200);
}

struct SlowCase {
  std::string name;
  std::string sent;
  int status;  // 0: closed without a word
  std::string reason;
};

TEST(HttpTimeouts, CutOffSlowClients) {
  TestPool test;
  HttpLimits limits;
  limits.head_timeout = limits.body_timeout = limits.idle_timeout = Millis(30);
  const auto server = must(HttpServer::start(test.pool, {}, limits, ok));
  const SlowCase cases[] = {
      {"silent from the start", "", 0, ""},
      {"slow head", "GET / HT", 408, "http.head.timeout"},
      {"slow fields", "GET / HTTP/1.1\r\nHost: x\r\nA: ", 408, "http.head.timeout"},
      {"slow body", "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", 408, "http.body.timeout"},
      {"slow chunk", "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 408,
       "http.body.timeout"},
  };
  for (const auto& c : cases) {
    Client client(server->port());
    client.send(c.sent);
    const auto response = client.read_to_end();
    EXPECT_EQ(status_of(response), c.status) << c.name;
    EXPECT_THAT(response, HasSubstr(c.reason)) << c.name;
  }
}

TEST(HttpTimeouts, CloseIdleConnectionsWithoutAWord) {
  TestPool test;
  HttpLimits limits;
  limits.idle_timeout = Millis(30);
  const auto server = must(HttpServer::start(test.pool, {}, limits, ok));
  Client client(server->port());
  client.send(kGet);
  EXPECT_EQ(status_of(client.read_response()), 200);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpTimeouts, ParkedConnectionsStillServeAndStillEnd) {
  TestPool test;
  HttpLimits limits;
  limits.park_after = Millis(1);
  limits.idle_timeout = Millis(400);
  const auto server = must(HttpServer::start(test.pool, {}, limits, ok));
  Client client(server->port());
  for (int i = 0; i < 5; ++i) {
    // Another connection lives through several sweeps meanwhile, so this one is parked for sure.
    if (i > 0) {
      HttpLimits brief;
      brief.head_timeout = Millis(20);
      const auto other = must(HttpServer::start(test.pool, {}, brief, ok));
      Client(other->port()).read_to_end();
    }
    client.send(kGet);
    EXPECT_EQ(status_of(client.read_response()), 200);
  }
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(HttpTimeouts, AnswerForAFaceThatDoesNot) {
  TestPool test;
  Gate gate;
  HttpLimits limits;
  limits.answer_timeout = Millis(30);
  const auto server = must(HttpServer::start(test.pool, {}, limits, gate.face()));
  Client client(server->port());
  client.send(kGet);
  const auto response = client.read_response();
  EXPECT_EQ(status_of(response), 503);
  EXPECT_THAT(response, HasSubstr("http.answer.timeout"));
  gate.open();  // too late, and harmless
}

TEST(HttpTimeouts, CutOffClientsThatDoNotReadTheirAnswer) {
  TestPool test;
  HttpLimits limits;
  limits.write_timeout = Millis(50);
  const auto server =
      must(HttpServer::start(test.pool, {}, limits, [](http::Request, http::Responder respond) {
        respond({.status = 200, .headers = {}, .body = std::string(32 << 20, 'x')});
      }));
  Client client(server->port());
  client.send(kGet);
  ASSERT_TRUE(eventually([&] { return server->connections() == 1; }));
  ASSERT_TRUE(eventually([&] { return server->connections() == 0; }));
  EXPECT_LT(client.read_to_end().size(), std::size_t{32} << 20);
}

TEST(HttpDrains, LetRequestsUnderWayFinish) {
  TestPool test;
  Gate gate;
  const auto server = must(HttpServer::start(test.pool, {}, {}, gate.face()));
  Client idle(server->port());
  idle.send(kGet);
  gate.await(1);
  gate.open();
  EXPECT_EQ(status_of(idle.read_response()), 200);
  Client busy(server->port());
  busy.send(std::string(kGet) + std::string(kGet));
  gate.await(1);
  auto cut = std::async(std::launch::async, [&] { return server->drain(Millis(20'000)); });
  EXPECT_EQ(idle.read_to_end(), "");
  gate.open();
  const auto last = busy.read_to_end();
  EXPECT_THAT(last, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(last, HasSubstr("late"));
  EXPECT_EQ(wait_for(std::move(cut)), 0U);
  EXPECT_THROW(Client(server->port()), std::runtime_error);
}

TEST(HttpDrains, CutWhatTakesTooLong) {
  TestPool test;
  Gate gate;
  const auto server = must(HttpServer::start(test.pool, {}, {}, gate.face()));
  Client answering(server->port());
  answering.send(kGet);
  gate.await(1);
  Client sending(server->port());
  sending.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(sending.read_response(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(server->drain(Millis(10)), 2U);
  EXPECT_EQ(answering.read_to_end(), "");
  EXPECT_EQ(sending.read_to_end(), "");
  EXPECT_EQ(server->connections(), 0U);
  gate.open();
}

TEST(HttpDrains, HappenOnDestruction) {
  TestPool test;
  Gate gate;
  Client* client = nullptr;
  {
    const auto server = must(HttpServer::start(test.pool, {}, {}, gate.face()));
    client = new Client(server->port());
    client->send(kGet);
    gate.await(1);
  }
  EXPECT_EQ(client->read_to_end(), "");
  delete client;
  gate.open();
}

TEST(HttpDrains, AreNotNeededWhenThePoolHasStopped) {
  Gate gate;
  auto test = std::make_unique<TestPool>();
  auto server = must(HttpServer::start(test->pool, {}, {}, gate.face()));
  Client client(server->port());
  client.send(kGet);
  gate.await(1);
  test->pool.stop();
  server.reset();
  test.reset();
  EXPECT_EQ(client.read_to_end(), "");
  gate.open();
}

TEST(ConnectionCaps, CloseWhatIsTooMany) {
  TestPool test;
  for (const bool per_address : {false, true}) {
    ListenerOptions options;
    options.name = per_address ? "address" : "total";
    (per_address ? options.max_per_address : options.max_connections) = 2;
    const auto server = must(HttpServer::start(test.pool, options, {}, ok));
    auto first = std::make_unique<Client>(server->port());
    Client second(server->port());
    for (auto* client : {first.get(), &second}) {
      client->send(kGet);
      EXPECT_EQ(status_of(client->read_response()), 200);
    }
    Client third(server->port());
    EXPECT_EQ(third.read_to_end(), "");
    EXPECT_EQ(test.metric(fmt::format("allauth_net_refused_total{{listener=\"{}\",cause=\"{}\"}}",
                                      options.name, per_address ? "address_limit" : "limit")),
              1);
    first.reset();
    const auto open = fmt::format("allauth_net_connections{{listener=\"{}\"}}", options.name);
    ASSERT_TRUE(eventually([&] { return test.metric(open) == 1; }));
    Client fourth(server->port());
    fourth.send(kGet);
    EXPECT_EQ(status_of(fourth.read_response()), 200);
  }
}

}  // namespace
}  // namespace allauth::net
