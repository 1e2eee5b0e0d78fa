// Our server and our client, over real connections.

#include "net/rpc/test_support.h"

namespace allauth::net {
namespace {

using rpc::StatusCode;

TEST(RpcCalls, unary_messages_go_there_and_back) {
  TestServer test({{"/t.T/Echo", echo}});
  const auto client = test.client();
  for (const std::size_t size : {0UZ, 1UZ, 9'000UZ, 1'000'000UZ}) {
    const std::string message(size, 'x');
    const auto reply = client->call({.method = "/t.T/Echo"}, message);
    EXPECT_EQ(reply.end.status.code, StatusCode::ok) << reply.end.status.message;
    EXPECT_EQ(reply.message, message);
  }
  EXPECT_TRUE(eventually([&] { return test.server->in_flight() == 0; }));
  EXPECT_EQ(test.io.metric(R"(allauth_rpc_calls_total{listener="main",code="ok"})"), 4);
  EXPECT_EQ(test.server->connections(), 1U);
}

TEST(RpcCalls, metadata_goes_both_ways_and_binary_stays_raw) {
  const std::string raw("\0\x01\xFF,\n", 5);
  rpc::Head seen;
  TestServer test({{"/t.T/Meta", [&](CallPtr call) {
                      seen = call->head();
                      call->add_initial_metadata({"x-first", "1"});
                      call->add_initial_metadata({"x-first-bin", raw});
                      call->answer("", {{"x-last", "2"}, {"x-last-bin", raw}});
                    }}});
  const auto reply = test.client()->call(
      {.method = "/t.T/Meta", .metadata = {{"x-one", "a b"}, {"x-one", "c"}, {"x-raw-bin", raw}}}, "");
  ASSERT_EQ(reply.end.status.code, StatusCode::ok) << reply.end.status.message;

  EXPECT_EQ(seen.method, "/t.T/Meta");
  EXPECT_EQ(seen.authority, fmt::format("127.0.0.1:{}", test.server->port()));
  EXPECT_EQ(http::find_header(seen.metadata, "x-one"), "a b");
  EXPECT_EQ(std::ranges::count(seen.metadata, "x-one", &rpc::Field::name), 2);
  EXPECT_EQ(http::find_header(seen.metadata, "x-raw-bin"), raw);
  EXPECT_EQ(http::find_header(reply.end.initial, "x-first"), "1");
  EXPECT_EQ(http::find_header(reply.end.initial, "x-first-bin"), raw);
  EXPECT_EQ(http::find_header(reply.end.trailing, "x-last"), "2");
  EXPECT_EQ(http::find_header(reply.end.trailing, "x-last-bin"), raw);
}

TEST(RpcCalls, metadata_that_cannot_be_sent_is_left_out) {
  TestServer test({{"/t.T/Meta", [&](CallPtr call) {
                      call->add_initial_metadata({"Upper", "1"});
                      call->add_initial_metadata({"x-line", "1\n2"});
                      call->answer("", {{"", "1"}, {"grpc-status", "3"}, {"x-good", "1"}});
                    }}});
  const auto reply =
      test.client()->call({.method = "/t.T/Meta", .metadata = {{"bad name", "1"}, {"x-bad", "\x80"}}}, "");
  ASSERT_EQ(reply.end.status.code, StatusCode::ok) << reply.end.status.message;
  EXPECT_TRUE(reply.end.initial.empty());
  ASSERT_EQ(reply.end.trailing.size(), 1U);
  EXPECT_EQ(reply.end.trailing[0].name, "x-good");
}

TEST(RpcCalls, the_peer_is_known_by_address_and_port) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    http::Peer seen;
    ListenerOptions options;
    options.address = address;
    TestServer test({{"/t.T/Who",
                      [&](CallPtr call) {
                        seen = call->head().peer;
                        call->answer("");
                      }}},
                    {}, options);
    auto target = test.target();
    target.host = address;
    const auto reply = must(RpcClient::make(target))->call({.method = "/t.T/Who"}, "");
    ASSERT_EQ(reply.end.status.code, StatusCode::ok) << reply.end.status.message;
    EXPECT_EQ(seen.address, address);
    EXPECT_NE(seen.port, 0);
    EXPECT_TRUE(seen.loopback);
    EXPECT_FALSE(seen.tls);
    EXPECT_EQ(seen.certificate_der, "");
  }
}

TEST(RpcCalls, an_error_comes_with_its_message_and_details) {
  const std::string details("\x08\x05\0\xFF", 4);
  TestServer test({{"/t.T/Fail", [&](CallPtr call) {
                      call->finish({StatusCode::not_found, "Nicht da: ü", details}, {{"x-why", "gone"}});
                    }}});
  const auto reply = test.client()->call({.method = "/t.T/Fail"}, "");
  EXPECT_EQ(reply.end.status.code, StatusCode::not_found);
  EXPECT_EQ(reply.end.status.message, "Nicht da: ü");
  EXPECT_EQ(reply.end.status.details, details);
  EXPECT_EQ(http::find_header(reply.end.trailing, "x-why"), "gone");
  EXPECT_EQ(http::find_header(reply.end.trailing, "grpc-status-details-bin"), std::nullopt);
}

TEST(RpcCalls, server_streaming_gives_all_messages_then_the_end) {
  struct Count {
    static void next(CallPtr call, int n) {
      if (n == 100) return call->finish({}, {{"x-sent", "100"}});
      call->write(std::to_string(n), [call, n](bool taken) {
        if (taken) next(call, n + 1);
      });
    }
  };
  TestServer test({{"/t.T/Count", [](CallPtr call) { Count::next(std::move(call), 0); }}});
  const auto client = test.client();
  CallSteps stream(*client, {.method = "/t.T/Count"});
  EXPECT_TRUE(stream.write("go"));
  stream.finish_writing();
  for (int n = 0; n < 100; ++n) EXPECT_EQ(stream.read(), std::to_string(n));
  EXPECT_EQ(stream.read(), std::nullopt);
  const auto end = stream.end();
  EXPECT_EQ(end.status.code, StatusCode::ok);
  EXPECT_EQ(http::find_header(end.trailing, "x-sent"), "100");
}

TEST(RpcCalls, client_streaming_takes_all_messages_then_answers) {
  struct Sum {
    static void next(CallPtr call, std::string all) {
      call->read([call, all](std::optional<std::string> message) {
        if (!message) return call->answer(all);
        next(call, all + *message);
      });
    }
  };
  TestServer test({{"/t.T/Join", [](CallPtr call) { Sum::next(std::move(call), ""); }}});
  const auto client = test.client();
  CallSteps stream(*client, {.method = "/t.T/Join"});
  for (const char* part : {"a", "b", "c"}) EXPECT_TRUE(stream.write(part));
  stream.finish_writing();
  EXPECT_EQ(stream.read(), "abc");
  EXPECT_EQ(stream.read(), std::nullopt);
  EXPECT_EQ(stream.end().status.code, StatusCode::ok);
}

TEST(RpcCalls, both_sides_may_stream) {
  TestServer test({{"/t.T/Talk", echo_all}});
  const auto client = test.client();
  CallSteps stream(*client, {.method = "/t.T/Talk"});
  for (int n = 0; n < 50; ++n) {
    EXPECT_TRUE(stream.write(std::to_string(n)));
    EXPECT_EQ(stream.read(), std::to_string(n));
  }
  stream.finish_writing();
  EXPECT_EQ(stream.read(), std::nullopt);
  EXPECT_EQ(stream.end().status.code, StatusCode::ok);
}

TEST(RpcCalls, a_call_that_the_face_drops_ends_with_internal) {
  TestServer test({{"/t.T/Drop", [](CallPtr) {}}, {"/t.T/Throw", [](CallPtr) { throw 1; }}});
  const auto client = test.client();
  EXPECT_EQ(client->call({.method = "/t.T/Drop"}, "").end.status.code, StatusCode::internal);
  EXPECT_EQ(client->call({.method = "/t.T/Throw"}, "").end.status.code, StatusCode::internal);
}

TEST(RpcCalls, what_comes_after_the_end_is_told_so) {
  std::promise<bool> written;
  std::promise<bool> read;
  TestServer test({{"/t.T/Late", [&](CallPtr call) {
                      call->answer("done");
                      call->finish({.code = StatusCode::aborted});
                      call->write("more", [&](bool taken) { written.set_value(taken); });
                      call->read([&](const auto& message) { read.set_value(message.has_value()); });
                    }}});
  const auto reply = test.client()->call({.method = "/t.T/Late"}, "");
  EXPECT_EQ(reply.end.status.code, StatusCode::ok);
  EXPECT_EQ(reply.message, "done");
  EXPECT_FALSE(wait_for(written.get_future()));
  EXPECT_FALSE(wait_for(read.get_future()));
}

TEST(RpcCalls, an_end_during_a_write_comes_behind_it) {
  TestServer test({{"/t.T/Hurry", [](CallPtr call) {
                      call->write("one", [](bool) {});
                      call->answer("two");
                    }}});
  const auto client = test.client();
  CallSteps stream(*client, {.method = "/t.T/Hurry"});
  EXPECT_EQ(stream.read(), "one");
  EXPECT_EQ(stream.read(), "two");
  EXPECT_EQ(stream.read(), std::nullopt);
  EXPECT_EQ(stream.end().status.code, StatusCode::ok);
}

}  // namespace
}  // namespace allauth::net
