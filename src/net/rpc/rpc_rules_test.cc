// What the library is told to see to: compressed messages, and connections that are old, idle or noisy.

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include "net/rpc/test_frames.h"

namespace allauth::net {
namespace {

using rpc::StatusCode;

std::map<std::string, Method> echo_only() { return {{"/t.T/Echo", echo}}; }

// A call by the library itself: ours sends nothing compressed.
grpc::Status call_compressed(const TestServer& test, grpc_compression_algorithm algorithm) {
  grpc::GenericStub stub(grpc::CreateChannel(fmt::format("127.0.0.1:{}", test.server->port()),
                                             grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_compression_algorithm(algorithm);
  const grpc::Slice slice(std::string(100'000, 'x'));
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer reply;
  std::promise<grpc::Status> ended;
  stub.UnaryCall(&context, "/t.T/Echo", {}, &request, &reply,
                 [&](grpc::Status status) { ended.set_value(std::move(status)); });
  return wait_for(ended.get_future());
}

TEST(RpcRules, compressed_messages_are_refused) {
  TestServer test(echo_only());
  EXPECT_TRUE(call_compressed(test, GRPC_COMPRESS_NONE).ok());
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE})
    EXPECT_EQ(call_compressed(test, algorithm).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST(RpcRules, a_connection_without_calls_is_closed_after_a_while) {
  RpcLimits limits;
  limits.idle = Millis(200);
  TestServer test(echo_only(), limits);
  const auto client = test.client();
  EXPECT_EQ(client->call({.method = "/t.T/Echo"}, "x").message, "x");
  EXPECT_TRUE(eventually([&] { return test.server->connections() == 0; }));
  EXPECT_EQ(client->call({.method = "/t.T/Echo"}, "y").message, "y");
}

TEST(RpcRules, an_old_connection_is_asked_to_leave_and_then_cut) {
  RpcLimits limits;
  limits.age = Millis(200);
  limits.age_grace = Millis(200);
  std::atomic<int> cancelled{0};
  std::mutex mutex;
  std::vector<CallPtr> kept;
  TestServer test({{"/t.T/Echo", echo},
                   {"/t.T/Keep",
                    [&](CallPtr call) {
                      call->on_cancel([&] { ++cancelled; });
                      std::lock_guard lock(mutex);
                      kept.push_back(std::move(call));
                    }}},
                  limits);
  Peer peer(test);
  peer.send(frame(kHeaders, kEndHeaders, 1, head("/t.T/Keep")));
  peer.read_to_end();
  EXPECT_TRUE(peer.ended());
  EXPECT_TRUE(eventually([&] { return cancelled == 1 && test.server->connections() == 0; }));
  EXPECT_EQ(test.client()->call({.method = "/t.T/Echo"}, "x").message, "x");
}

TEST(RpcRules, who_pings_without_need_is_cut) {
  TestServer test(echo_only());
  Peer peer(test);
  for (int i = 0; i < 10; ++i)
    if (!peer.send(frame(kPing, 0, 0, "12345678"))) break;
  EXPECT_THAT(peer.read_to_end(), testing::HasSubstr("too_many_pings"));
  EXPECT_TRUE(peer.ended());
}

TEST(RpcRules, who_gives_no_sign_of_life_is_cut) {
  RpcLimits limits;
  limits.keepalive = Millis(200);
  limits.keepalive_timeout = Millis(200);
  TestServer test(echo_only(), limits);
  Peer peer(test);
  peer.read_to_end();
  EXPECT_TRUE(peer.ended());
}

}  // namespace
}  // namespace allauth::net
