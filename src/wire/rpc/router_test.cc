#include "wire/rpc/router.h"

#include <gtest/gtest.h>

#include "wire/rpc/testing/rpc_rig.h"

namespace allauth::wire {
namespace {

using rpc::StatusCode;

// A toy of a protocol whose two generations share service and method, and differ in their bytes: the first
// byte of a message says which generation it is.
RpcMount toy(const std::string& says, const std::string& own_method, char generation) {
  return {.methods = {"/toy.Thing/" + own_method, "/toy.Thing/Shared"},
          .face =
              [says](std::shared_ptr<rpc::ServerCall> call) {
                auto& reading = *call;
                reading.read([says, call](std::optional<std::string> message) {
                  call->answer(says + ":" + message.value_or("nothing"));
                });
              },
          .accepts = [generation](std::string_view,
                                  std::string_view first) { return first.starts_with(generation); }};
}

std::string answer_to(RpcRig& rig, const std::string& method, const std::string& bytes) {
  const auto call = rig.send_bytes("/toy.Thing/" + method, bytes);
  return call->messages.empty() ? reason_of(*call) : call->messages.front();
}

TEST(RpcRouter, GivesACallToTheFaceThatClaimsItsMethod) {
  RpcRig rig;
  rig.mount({toy("one", "Old", '1'), toy("two", "New", '2')});
  EXPECT_EQ(answer_to(rig, "Old", "1x"), "one:1x");
  EXPECT_EQ(answer_to(rig, "New", "2x"), "two:2x");
  EXPECT_EQ(answer_to(rig, "Old", "2x"), "one:2x");  // nobody else claims it, so nobody is asked
}

TEST(RpcRouter, TellsGenerationsOfOneMethodApartByTheFirstMessage) {
  RpcRig rig;
  rig.mount({toy("one", "Old", '1'), toy("two", "New", '2')});
  EXPECT_EQ(answer_to(rig, "Shared", "1x"), "one:1x");
  EXPECT_EQ(answer_to(rig, "Shared", "2x"), "two:2x");
  EXPECT_EQ(answer_to(rig, "Shared", "3x"), "message.generation");
  // One who sends nothing is served by the first.
  const auto call = rig.open("/toy.Thing/Shared");
  call->half_close();
  EXPECT_EQ(call->messages.front(), "one:nothing");
}

TEST(RpcRouter, AFaceThatTakesAnythingComesAfterThoseBeforeIt) {
  RpcRig rig;
  auto last = toy("any", "Any", '?');
  last.accepts = nullptr;
  rig.mount({toy("one", "Old", '1'), last});
  EXPECT_EQ(answer_to(rig, "Shared", "1x"), "one:1x");
  EXPECT_EQ(answer_to(rig, "Shared", "9x"), "any:9x");
}

TEST(RpcRouter, RefusesMethodsThatNobodyClaims) {
  RpcRig rig;
  rig.mount({toy("one", "Old", '1')});
  for (const char* method : {"/toy.Thing/Other", "/toy.Other/Old", "", "/", "toy.Thing/Old"}) {
    const auto call = rig.open(method);
    EXPECT_EQ(code_of(*call), StatusCode::unimplemented) << method;
    EXPECT_EQ(reason_of(*call), "rpc.no_such_method");
  }
  EXPECT_EQ(rig.logged().find("toy.Other"), std::string::npos);  // a path may hold anything
  EXPECT_NE(rig.metrics.render().find("allauth_requests_total{method=\"none\",code=\"not_found\"} 5\n"),
            std::string::npos);
}

}  // namespace
}  // namespace allauth::wire
