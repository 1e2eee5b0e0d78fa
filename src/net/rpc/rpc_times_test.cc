// Deadlines, cancellation and limits, over real connections.

#include "net/rpc/test_support.h"

namespace allauth::net {
namespace {

using rpc::StatusCode;

// A method that keeps its calls.
struct Keep {
  void operator()(CallPtr call) {
    call->on_cancel([this] { ++cancelled; });
    std::lock_guard lock(mutex);
    kept.push_back(std::move(call));
  }
  std::size_t count() {
    std::lock_guard lock(mutex);
    return kept.size();
  }
  CallPtr take() {
    std::lock_guard lock(mutex);
    auto call = kept.back();
    kept.pop_back();
    return call;
  }
  std::mutex mutex;
  std::vector<CallPtr> kept;
  std::atomic<int> cancelled{0};
};

TEST(RpcTimes, the_deadline_of_the_caller_is_known_and_ends_the_call) {
  Keep keep;
  TestServer test({{"/t.T/Keep", std::ref(keep)}});
  const auto before = test.io.clock.tick();
  const auto reply = test.client()->call({.method = "/t.T/Keep", .timeout = Millis(200)}, "");
  EXPECT_EQ(reply.end.status.code, StatusCode::deadline_exceeded);
  EXPECT_TRUE(eventually([&] { return keep.cancelled == 1; }));
  const auto deadline = keep.take()->head().deadline;
  EXPECT_GT(deadline, before);
  EXPECT_LT(deadline, before + Seconds(2));
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 0; }));
}

TEST(RpcTimes, a_method_that_does_not_stream_has_a_longest_time) {
  Keep keep;
  RpcLimits limits;
  limits.call_time = Millis(100);
  TestServer test({{"/t.T/Keep", std::ref(keep)}, {"/t.T/Watch", std::ref(keep)}}, limits, {},
                  [](std::string_view method) { return method == "/t.T/Watch"; });
  const auto client = test.client();
  CallSteps watch(*client, {.method = "/t.T/Watch", .timeout = Seconds(3600)});
  const auto reply = client->call({.method = "/t.T/Keep", .timeout = Seconds(3600)}, "");
  EXPECT_EQ(reply.end.status.code, StatusCode::deadline_exceeded);
  EXPECT_EQ(reply.end.status.message, "The call took too long.");
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 1; }));
  EXPECT_EQ(keep.cancelled, 1);
}

TEST(RpcTimes, a_caller_that_cancels_is_told_to_the_face) {
  Keep keep;
  TestServer test({{"/t.T/Keep", std::ref(keep)}});
  const auto client = test.client();
  std::promise<RpcReply> replied;
  const auto cancel =
      client->call({.method = "/t.T/Keep"}, "", [&](RpcReply reply) { replied.set_value(std::move(reply)); });
  ASSERT_TRUE(eventually([&] { return keep.count() == 1; }));
  EXPECT_EQ(client->in_flight(), 1U);
  cancel();
  EXPECT_EQ(wait_for(replied.get_future()).end.status.code, StatusCode::cancelled);
  EXPECT_TRUE(eventually([&] { return keep.cancelled == 1; }));
  cancel();  // too late, and harmless
}

TEST(RpcTimes, a_caller_that_lets_go_of_a_stream_cancels_it) {
  Keep keep;
  TestServer test({{"/t.T/Keep", std::ref(keep)}});
  const auto client = test.client();
  CallSteps stream(*client, {.method = "/t.T/Keep"});
  ASSERT_TRUE(eventually([&] { return keep.count() == 1; }));
  std::promise<bool> ended;
  keep.kept[0]->read([&](const auto& message) { ended.set_value(message.has_value()); });
  stream.drop();
  EXPECT_EQ(stream.end().status.code, StatusCode::cancelled);
  EXPECT_FALSE(wait_for(ended.get_future()));
  std::promise<void> told;
  keep.kept[0]->on_cancel([&] { told.set_value(); });
  wait_for(told.get_future());
}

TEST(RpcTimes, a_client_that_goes_away_cancels_what_it_has) {
  Keep keep;
  TestServer test({{"/t.T/Keep", std::ref(keep)}});
  std::atomic<int> replies{0};
  auto client = test.client();
  for (int i = 0; i < 3; ++i) client->call({.method = "/t.T/Keep"}, "", [&](const RpcReply&) { ++replies; });
  ASSERT_TRUE(eventually([&] { return keep.count() == 3; }));
  client.reset();
  EXPECT_EQ(replies, 3);
  EXPECT_TRUE(eventually([&] { return keep.cancelled == 3; }));
}

TEST(RpcLimits, a_message_that_is_too_large_is_refused_on_both_sides) {
  RpcLimits limits;
  limits.message_bytes = 10'000;
  TestServer test(
      {{"/t.T/Echo", echo}, {"/t.T/Grow", [](CallPtr call) { call->answer(std::string(10'001, 'x')); }}},
      limits);
  const auto client = test.client();
  EXPECT_EQ(client->call({.method = "/t.T/Echo"}, std::string(10'000, 'x')).end.status.code, StatusCode::ok);
  EXPECT_EQ(client->call({.method = "/t.T/Echo"}, std::string(10'001, 'x')).end.status.code,
            StatusCode::resource_exhausted);
  EXPECT_EQ(client->call({.method = "/t.T/Grow"}, "").end.status.code, StatusCode::resource_exhausted);

  auto target = test.target();
  target.message_bytes = 100;
  const auto strict = must(RpcClient::make(target));
  EXPECT_EQ(strict->call({.method = "/t.T/Echo"}, std::string(101, 'x')).end.status.code,
            StatusCode::resource_exhausted);
}

TEST(RpcLimits, too_much_metadata_is_refused) {
  RpcLimits limits;
  limits.metadata_bytes = 4'000;
  TestServer test({{"/t.T/Echo", echo}}, limits);
  const auto client = test.client();
  const auto reply =
      client->call({.method = "/t.T/Echo", .metadata = {{"x-a", std::string(5'000, 'a')}}}, "");
  EXPECT_EQ(reply.end.status.code, StatusCode::resource_exhausted);
  // The library may give the connection up with the call.
  EXPECT_TRUE(eventually(
      [&] { return client->call({.method = "/t.T/Echo"}, "").end.status.code == StatusCode::ok; }));
}

TEST(RpcLimits, a_server_that_is_full_says_so_at_once) {
  Keep keep;
  RpcLimits limits;
  limits.calls = 2;
  TestServer test({{"/t.T/Keep", std::ref(keep)}}, limits);
  const auto client = test.client();
  for (int i = 0; i < 2; ++i) client->call({.method = "/t.T/Keep"}, "", [](const RpcReply&) {});
  ASSERT_TRUE(eventually([&] { return keep.count() == 2; }));
  EXPECT_EQ(client->call({.method = "/t.T/Keep"}, "").end.status.code, StatusCode::resource_exhausted);
  EXPECT_EQ(test.io.metric(R"(allauth_rpc_refused_total{listener="main",cause="limit"})"), 1);
  keep.take()->answer("");
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 1; }));
  client->call({.method = "/t.T/Keep"}, "", [](const RpcReply&) {});
  EXPECT_TRUE(eventually([&] { return keep.count() == 2; }));
}

TEST(RpcLimits, one_address_cannot_take_all) {
  Keep keep;
  RpcLimits limits;
  limits.calls_per_address = 1;
  ListenerOptions options;
  options.address = "127.0.0.1";
  TestServer test({{"/t.T/Keep", std::ref(keep)}}, limits, options);
  const auto first = test.client();
  const auto second = test.client();
  first->call({.method = "/t.T/Keep"}, "", [](const RpcReply&) {});
  ASSERT_TRUE(eventually([&] { return keep.count() == 1; }));
  EXPECT_EQ(second->call({.method = "/t.T/Keep"}, "").end.status.code, StatusCode::resource_exhausted);
  EXPECT_EQ(test.io.metric(R"(allauth_rpc_refused_total{listener="main",cause="limit"})"), 1);
}

TEST(RpcLimits, a_busy_caller_that_keeps_to_them_is_never_refused) {
  TestServer test({{"/t.T/Echo", echo}});
  const auto client = test.client();
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  std::atomic<int> refused{0};
  constexpr int kCalls = 20'000;
  std::function<void()> next = [&] {
    if (begun++ >= kCalls) return;
    client->call({.method = "/t.T/Echo"}, "x", [&](const RpcReply& reply) {
      refused += reply.end.status.code != StatusCode::ok;
      next();
      ++ended;
    });
  };
  for (std::size_t i = 0; i < RpcLimits{}.streams; ++i) next();
  EXPECT_TRUE(eventually([&] { return ended == kCalls; }));
  EXPECT_EQ(refused, 0);
}

TEST(RpcLimits, a_client_has_a_limit_of_its_own) {
  Keep keep;
  TestServer test({{"/t.T/Keep", std::ref(keep)}});
  auto target = test.target();
  target.calls = 1;
  const auto client = must(RpcClient::make(target));
  client->call({.method = "/t.T/Keep"}, "", [](const RpcReply&) {});
  EXPECT_EQ(client->call({.method = "/t.T/Keep"}, "").end.status.code, StatusCode::resource_exhausted);
  CallSteps stream(*client, {.method = "/t.T/Keep"});
  EXPECT_EQ(stream.read(), std::nullopt);
  EXPECT_FALSE(stream.write("x"));
  EXPECT_EQ(stream.end().status.code, StatusCode::resource_exhausted);
}

TEST(RpcLimits, a_caller_that_does_not_read_holds_up_the_writer_and_is_cut) {
  struct Pour {
    static void next(CallPtr call, std::atomic<int>& taken) {
      call->write(std::string(100'000, 'x'), [call, &taken](bool ok) {
        if (!ok) return;
        ++taken;
        next(call, taken);
      });
    }
  };
  std::atomic<int> taken{0};
  RpcLimits limits;
  limits.write_patience = Millis(300);
  TestServer test(
      {{"/t.T/Pour", [&](CallPtr call) { Pour::next(std::move(call), taken); }}, {"/t.T/Echo", echo}}, limits,
      {}, [](std::string_view) { return true; });
  const auto client = test.client();
  CallSteps stream(*client, {.method = "/t.T/Pour", .timeout = Seconds(3600)});
  ASSERT_TRUE(eventually([&] { return taken > 0; }));
  ASSERT_TRUE(eventually([&] { return test.server->in_flight() == 0; }));
  EXPECT_LT(taken, 200);  // what windows and buffers hold, and no more
  EXPECT_EQ(client->call({.method = "/t.T/Echo"}, "x").message, "x");
}

TEST(RpcListener, a_port_is_taken_by_one_server_only) {
  TestServer test({});
  ListenerOptions options;
  options.port = test.server->port();
  const auto second = RpcServer::start(test.io.pool, options, {}, Methods({}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason.slug(), "listener.bind");
}

TEST(RpcListener, clear_text_stays_on_loopback) {
  TestPool io;
  ListenerOptions options;
  options.address = "0.0.0.0";
  const auto refused = RpcServer::start(io.pool, options, {}, Methods({}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason.slug(), "listener.plaintext");
  options.allow_plaintext = true;
  EXPECT_TRUE(RpcServer::start(io.pool, options, {}, Methods({})));
}

TEST(RpcListener, connections_are_counted_out_when_they_close) {
  ListenerOptions options;
  options.max_connections = 1;
  TestServer test({{"/t.T/Echo", echo}}, {}, options);
  auto first = test.client();
  ASSERT_EQ(first->call({.method = "/t.T/Echo"}, "").end.status.code, StatusCode::ok);
  EXPECT_EQ(test.client()->call({.method = "/t.T/Echo", .timeout = Millis(500)}, "").end.status.code,
            StatusCode::unavailable);
  first.reset();
  EXPECT_TRUE(eventually([&] { return test.server->connections() == 0; }));
  EXPECT_EQ(test.client()->call({.method = "/t.T/Echo"}, "").end.status.code, StatusCode::ok);
}

TEST(RpcDrain, calls_under_way_finish_and_no_new_ones_come) {
  Keep keep;
  TestServer test({{"/t.T/Keep", std::ref(keep)}});
  const auto client = test.client();
  std::promise<RpcReply> replied;
  client->call({.method = "/t.T/Keep"}, "", [&](RpcReply reply) { replied.set_value(std::move(reply)); });
  ASSERT_TRUE(eventually([&] { return keep.count() == 1; }));
  auto drained = std::async(std::launch::async, [&] { return test.server->drain(Seconds(15)); });
  ASSERT_TRUE(eventually([&] {
    return test.client()->call({.method = "/t.T/Keep", .timeout = Millis(50)}, "").end.status.code ==
           StatusCode::unavailable;
  }));
  for (const auto& call : keep.kept) call->answer("last");
  EXPECT_EQ(wait_for(replied.get_future()).message, "last");
  EXPECT_EQ(wait_for(std::move(drained)), 0U);
  EXPECT_EQ(test.server->drain(Seconds(1)), 0U);
}

TEST(RpcDrain, what_does_not_finish_in_time_is_cut_and_counted) {
  Keep keep;
  TestServer test({{"/t.T/Keep", std::ref(keep)}});
  const auto client = test.client();
  std::atomic<int> replies{0};
  for (int i = 0; i < 3; ++i) client->call({.method = "/t.T/Keep"}, "", [&](const RpcReply&) { ++replies; });
  ASSERT_TRUE(eventually([&] { return keep.count() == 3; }));
  EXPECT_EQ(test.server->drain(Millis(50)), 3U);
  EXPECT_EQ(keep.cancelled, 3);
  EXPECT_TRUE(eventually([&] { return replies == 3; }));
  test.server.reset();
  keep.take()->answer("too late");  // what the face still holds is harmless
}

}  // namespace
}  // namespace allauth::net
