// Responses whose body is made over time.
#include <thread>

#include <gmock/gmock.h>

#include "net/http_server.h"
#include "net/test_support.h"

namespace allauth::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kGet = "GET /s HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view kLastChunk = "\r\n0\r\n\r\n";

// Answers each request with a stream of its own, whose writing end the test gets.
class Streams {
 public:
  explicit Streams(std::size_t capacity = 1024) : capacity_(capacity) {}

  http::Face face() {
    return [this](http::Request, http::Responder respond) {
      auto [writer, reader] = make_pipe(capacity_);
      {
        std::lock_guard lock(mutex_);
        writers_.push_back(writer);
        came_.notify_all();
      }
      respond({.status = 200, .headers = {{"Content-Type", "x/y"}}, .body = {}, .stream = reader});
    };
  }
  std::shared_ptr<PipeWriter> next() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, kPatience, [&] { return !writers_.empty(); }))
      throw std::runtime_error("no request came");
    auto writer = std::move(writers_.front());
    writers_.erase(writers_.begin());
    return writer;
  }

 private:
  std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::shared_ptr<PipeWriter>> writers_;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST(HttpStreams, SendPiecesAsTheyCome) {
  TestPool test;
  Streams streams;
  const auto server = must(HttpServer::start(test.pool, {}, {}, streams.face()));
  Client client(server->port());
  client.send(kGet);
  const auto writer = streams.next();
  const auto head = client.read_until([](auto text) { return has(text, "\r\n\r\n"); });
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  ASSERT_EQ(writer->write("first"), PipeWrite::taken);
  client.read_until([](auto text) { return has(text, "\r\n\r\n5\r\nfirst\r\n"); });
  ASSERT_EQ(writer->write("0123456789abcdef"), PipeWrite::taken);
  client.read_until([](auto text) { return has(text, "\r\n10\r\n0123456789abcdef\r\n"); });
  writer->end();
  EXPECT_THAT(client.read_to_end(), EndsWith(kLastChunk));
  EXPECT_EQ(server->in_flight(), 0U);
}

TEST(HttpStreams, EndWithTheConnectionInTheOldVersion) {
  TestPool test;
  Streams streams;
  const auto server = must(HttpServer::start(test.pool, {}, {}, streams.face()));
  Client client(server->port());
  client.send("GET /s HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
  const auto writer = streams.next();
  ASSERT_EQ(writer->write("all of it"), PipeWrite::taken);
  writer->end();
  const auto all = client.read_to_end();
  EXPECT_THAT(all, EndsWith("\r\n\r\nall of it"));
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
}

TEST(HttpStreams, HaveNoBodyForHead) {
  TestPool test;
  Streams streams;
  const auto server = must(HttpServer::start(test.pool, {}, {}, streams.face()));
  Client client(server->port());
  client.send("HEAD /s HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto writer = streams.next();
  EXPECT_THAT(client.read_to_end(), EndsWith("\r\n\r\n"));
  EXPECT_TRUE(eventually([&] { return writer->closed(); }));
}

TEST(HttpStreams, MayBeSilentForLongerThanAnyTimeout) {
  TestPool test;
  Streams streams;
  HttpLimits limits;
  limits.answer_timeout = limits.write_timeout = limits.idle_timeout = limits.head_timeout = Millis(20);
  const auto server = must(HttpServer::start(test.pool, {}, limits, streams.face()));
  Client client(server->port());
  client.send(kGet);
  const auto writer = streams.next();
  // Another connection runs into its timeouts several times meanwhile.
  for (int i = 0; i < 5; ++i) Client(server->port()).read_to_end();
  ASSERT_EQ(writer->write("still here"), PipeWrite::taken);
  client.read_until([](auto text) { return has(text, "still here"); });
}

TEST(HttpStreams, CutOffAPeerThatReadsTooSlowly) {
  constexpr std::size_t kCapacity = 64 * 1024;
  TestPool test;
  Streams streams(kCapacity);
  HttpLimits limits;
  limits.write_timeout = Millis(100);
  const auto server = must(HttpServer::start(test.pool, {}, limits, streams.face()));
  Client client(server->port());
  client.send(kGet);
  const auto writer = streams.next();
  const std::string piece(4096, 'x');
  std::size_t taken = 0;
  auto outcome = PipeWrite::taken;
  while (outcome == PipeWrite::taken) {
    outcome = writer->write_patiently(piece, kPatience);
    taken += outcome == PipeWrite::taken ? piece.size() : 0;
  }
  EXPECT_EQ(outcome, PipeWrite::closed);
  EXPECT_TRUE(eventually([&] { return server->connections() == 0; }));
  EXPECT_LT(taken, std::size_t{32} << 20) << "all but the pipe's capacity was in the sockets' buffers";
}

TEST(HttpStreams, EndWhenThePeerGoes) {
  TestPool test;
  Streams streams;
  const auto server = must(HttpServer::start(test.pool, {}, {}, streams.face()));
  auto client = std::make_unique<Client>(server->port());
  client->send(kGet);
  const auto writer = streams.next();
  client.reset();
  EXPECT_TRUE(eventually([&] { return writer->write("x") == PipeWrite::closed; }));
  EXPECT_TRUE(eventually([&] { return server->connections() == 0; }));
}

TEST(HttpStreams, AreEndedByADrainWithoutWaiting) {
  TestPool test;
  Streams streams;
  const auto server = must(HttpServer::start(test.pool, {}, {}, streams.face()));
  Client client(server->port());
  client.send(kGet);
  const auto writer = streams.next();
  ASSERT_EQ(writer->write("before"), PipeWrite::taken);
  client.read_until([](auto text) { return has(text, "before"); });
  auto cut = std::async(std::launch::async, [&] { return server->drain(kPatience); });
  EXPECT_THAT(client.read_to_end(), EndsWith(kLastChunk));
  EXPECT_EQ(wait_for(std::move(cut)), 0U);
  EXPECT_TRUE(writer->closed());
}

TEST(HttpStreams, AreEndedByADrainWhileTheyAreWritten) {
  TestPool test;
  Streams streams(64 * 1024);
  const auto server = must(HttpServer::start(test.pool, {}, {}, streams.face()));
  Client client(server->port());
  client.send(kGet);
  const auto writer = streams.next();
  std::jthread writing([&] {
    const std::string piece(1000, 'x');
    while (writer->write_patiently(piece, kPatience) == PipeWrite::taken) {
    }
  });
  std::jthread reading([&] { client.read_to_end(); });
  EXPECT_EQ(server->drain(kPatience), 0U);
  EXPECT_TRUE(eventually([&] { return writer->closed(); }));
}

TEST(HttpStreams, AreCutWithTheServer) {
  TestPool test;
  Streams streams;
  auto server = must(HttpServer::start(test.pool, {}, {}, streams.face()));
  Client client(server->port());
  client.send(kGet);
  const auto writer = streams.next();
  client.read_until([](auto text) { return has(text, "\r\n\r\n"); });
  server.reset();
  EXPECT_TRUE(writer->closed());
  client.read_to_end();
}

TEST(HttpStreams, ThatComeTooLateAreClosed) {
  TestPool test;
  HttpLimits limits;
  limits.answer_timeout = Millis(20);
  std::optional<http::Responder> late;
  std::promise<void> came;
  const auto server =
      must(HttpServer::start(test.pool, {}, limits, [&](http::Request, http::Responder respond) {
        late = std::move(respond);
        came.set_value();
      }));
  Client client(server->port());
  client.send(kGet);
  wait_for(came.get_future());
  EXPECT_EQ(status_of(client.read_response()), 503);
  auto [writer, reader] = make_pipe(8);
  (*late)({.status = 200, .headers = {}, .body = {}, .stream = std::move(reader)});
  EXPECT_TRUE(writer->closed());
}

}  // namespace
}  // namespace allauth::net
