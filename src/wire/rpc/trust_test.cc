#include "wire/rpc/trust.h"

#include <gtest/gtest.h>

#include "wire/rpc/testing/fake_call.h"

namespace allauth::wire {
namespace {

http::Trust trust() {
  return {.callers = *Networks::parse("192.0.2.0/24"), .proxies = *Networks::parse("10.0.0.0/8")};
}

// Whom a face takes the caller for.
http::Peer seen(http::Trust whom, std::string address, rpc::Metadata metadata, Metrics& metrics) {
  http::Peer peer;
  const auto face = with_trust(std::move(whom), "grpc.0", metrics,
                               [&](std::shared_ptr<rpc::ServerCall> call) { peer = call->head().peer; });
  face(std::make_shared<FakeCall>(
      rpc::Head{.metadata = std::move(metadata), .peer = {.address = std::move(address), .loopback = true}}));
  return peer;
}

TEST(RpcTrust, KnowsTrustedCallersByTheirNetwork) {
  Metrics metrics;
  EXPECT_TRUE(seen(trust(), "192.0.2.7", {}, metrics).trusted);
  EXPECT_FALSE(seen(trust(), "192.0.3.7", {}, metrics).trusted);
  EXPECT_FALSE(seen({}, "192.0.2.7", {}, metrics).trusted);
}

TEST(RpcTrust, BelievesItsOwnProxiesAndNobodyElse) {
  Metrics metrics;
  const auto proxied = seen(trust(), "10.1.2.3", {{"x-forwarded-for", "192.0.2.9"}}, metrics);
  EXPECT_EQ(proxied.address, "192.0.2.9");
  EXPECT_EQ(proxied.via, "10.1.2.3");
  EXPECT_TRUE(proxied.trusted);
  const auto stranger = seen(trust(), "192.0.3.3", {{"forwarded", "for=192.0.2.9"}}, metrics);
  EXPECT_EQ(stranger.address, "192.0.3.3");
  EXPECT_FALSE(stranger.trusted);
  EXPECT_NE(metrics.render().find("{listener=\"grpc.0\",cause=\"untrusted\"} 1\n"), std::string::npos);
}

// Whoever sits behind a proxy on this machine does not.
TEST(RpcTrust, WhatWasPassedOnDoesNotComeFromThisMachine) {
  Metrics metrics;
  EXPECT_TRUE(seen({}, "127.0.0.1", {}, metrics).loopback);
  EXPECT_FALSE(seen({}, "127.0.0.1", {{"x-forwarded-for", "192.0.2.9"}}, metrics).loopback);
}

}  // namespace
}  // namespace allauth::wire
