#include "net/listener.h"

#include <gtest/gtest.h>

#include "net/spawn.h"
#include "net/test_support.h"

namespace allauth::net {
namespace {

using boost::asio::awaitable;

struct AddressCase {
  std::string address;
  bool allow_plaintext;
  std::string reason;  // empty: it starts
};

awaitable<void> drop(Stream) { co_return; }

TEST(Listeners, SpeakClearTextOnlyWhereItIsSafeOrWanted) {
  TestPool test;
  const AddressCase cases[] = {
      {"127.0.0.1", false, ""},
      {"localhost", false, ""},
      {"0.0.0.0", false, "listener.plaintext"},
      {"192.0.2.1", false, "listener.plaintext"},
      {"::", false, "listener.plaintext"},
      {"0.0.0.0", true, ""},
      {"192.0.2.1", true, "listener.bind"},
      {"example.org", true, "listener.address.invalid"},
      {"", true, "listener.address.invalid"},
  };
  for (const auto& c : cases) {
    ListenerOptions options;
    options.address = c.address;
    options.allow_plaintext = c.allow_plaintext;
    const auto listener = Listener::start(test.pool, options, drop);
    EXPECT_EQ(listener ? "" : listener.error().reason.slug(), c.reason) << c.address;
  }
}

TEST(Listeners, DoNotShareTheirPort) {
  TestPool test;
  const auto first = must(Listener::start(test.pool, {}, drop));
  ListenerOptions same;
  same.port = first->port();
  const auto second = Listener::start(test.pool, same, drop);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, Reason("listener.bind"));
}

awaitable<void> echo_stream(Stream stream) {
  char block[512];
  for (;;) {
    const auto n = co_await stream.read_some(block);
    if (!n || *n == 0) break;
    const auto written = co_await stream.write(std::string_view(block, *n), "|");
    if (!written) break;
  }
  stream.shutdown();
}

TEST(Listeners, HandOutStreamsThatReadAndWrite) {
  TestPool test;
  const auto listener = must(Listener::start(test.pool, {}, echo_stream));
  Client client(listener->port());
  client.send("hello");
  EXPECT_EQ(client.read_until([](std::string_view text) { return text.size() >= 6; }), "hello|");
  EXPECT_EQ(listener->open(), 1U);
  client.finish();
  EXPECT_EQ(client.read_to_end(), "hello|");
  EXPECT_TRUE(eventually([&] { return listener->open() == 0; }));
}

TEST(Listeners, SpreadConnectionsOverTheLoops) {
  TestPool test(2);
  std::atomic<std::size_t> served[2] = {0, 0};
  const auto listener = must(Listener::start(test.pool, {}, [&](Stream stream) {
    ++served[stream.loop()];
    return echo_stream(std::move(stream));
  }));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(std::make_unique<Client>(listener->port()));
  EXPECT_TRUE(eventually([&] { return served[0] == 3 && served[1] == 3; }));
}

awaitable<void> dial_once(IoPool& pool, Dial target, std::promise<Result<std::string>>& done) {
  auto stream = co_await dial(pool, 0, std::move(target));
  if (stream)
    done.set_value(stream->peer().address);
  else
    done.set_value(fail(stream.error()));
}

Result<std::string> dial_now(TestPool& test, Dial target) {
  std::promise<Result<std::string>> done;
  spawn(test.pool, 0, dial_once(test.pool, std::move(target), done));
  return wait_for(done.get_future());
}

std::string reason(const Result<std::string>& result) {
  return result ? *result : std::string(result.error().reason.slug());
}

TEST(Dials, SayHowFarTheyCame) {
  TestPool test;
  auto listener = must(Listener::start(test.pool, {}, echo_stream));
  const auto port = listener->port();
  EXPECT_EQ(reason(dial_now(test, {"127.0.0.1", port, nullptr})), "127.0.0.1");
  EXPECT_EQ(reason(dial_now(test, {"localhost", port, nullptr})), "127.0.0.1");
  EXPECT_EQ(reason(dial_now(test, {"host.invalid", port, nullptr})), "net.resolve");
  listener->close();
  EXPECT_TRUE(
      eventually([&] { return reason(dial_now(test, {"127.0.0.1", port, nullptr})) == "net.connect"; }));
}

awaitable<void> hold(Stream stream, std::promise<Stream*>& held, std::promise<std::string>& ended) {
  char byte[1];
  held.set_value(&stream);
  const auto n = co_await stream.read_some(byte);
  ended.set_value(n ? "data" : std::string(n.error().reason.slug()));
}

TEST(Streams, ReturnFromACancelledOrClosedRead) {
  for (const bool close : {false, true}) {
    TestPool test(1);
    std::promise<Stream*> held;
    std::promise<std::string> ended;
    const auto listener = must(
        Listener::start(test.pool, {}, [&](Stream stream) { return hold(std::move(stream), held, ended); }));
    Client client(listener->port());
    Stream* stream = wait_for(held.get_future());
    test.pool.post(0, [&] { close ? stream->close() : stream->cancel(); });
    EXPECT_EQ(wait_for(ended.get_future()), "net.cancelled");
    EXPECT_EQ(client.read_to_end(), "");
  }
}

}  // namespace
}  // namespace allauth::net
