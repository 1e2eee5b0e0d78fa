#include "wire/rpc/health.h"

#include <gtest/gtest.h>

#include "grpc/health/v1/health.pb.h"
#include "wire/rpc/testing/rpc_rig.h"

namespace allauth::wire {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using rpc::StatusCode;

struct HealthRig : RpcRig {
  bool serving = true;
  RpcHealth health{{"allauth.v1.AuthService"}, [this] { return serving; }, deps()};

  HealthRig() { mount({health.mount()}); }
  std::shared_ptr<FakeCall> ask(const std::string& method, const std::string& service) {
    HealthCheckRequest request;
    request.set_service(service);
    return send("/grpc.health.v1.Health/" + method, request, {});
  }
};

std::vector<int> told(const FakeCall& call) {
  std::vector<int> statuses;
  for (const auto& bytes : call.messages) {
    HealthCheckResponse response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    statuses.push_back(response.status());
  }
  return statuses;
}

using Told = std::vector<int>;
constexpr int kServing = HealthCheckResponse::SERVING;
constexpr int kNotServing = HealthCheckResponse::NOT_SERVING;
constexpr int kUnknown = HealthCheckResponse::SERVICE_UNKNOWN;

TEST(RpcHealth, SaysWhetherAServiceCanAnswer) {
  HealthRig rig;
  for (const char* service : {"", "allauth.v1.AuthService"}) {
    rig.serving = true;
    EXPECT_EQ(told(*rig.ask("Check", service)), Told{kServing});
    rig.serving = false;
    EXPECT_EQ(told(*rig.ask("Check", service)), Told{kNotServing});
  }
  const auto unknown = rig.ask("Check", "allauth.v1.UserService");
  EXPECT_EQ(code_of(*unknown), StatusCode::not_found);
  EXPECT_EQ(reason_of(*unknown), "service.not_found");
}

TEST(RpcHealth, TellsWatchersOfEachChange) {
  HealthRig rig;
  const auto call = rig.ask("Watch", "");
  const auto unknown = rig.ask("Watch", "nothing");
  rig.health.look();
  rig.serving = false;
  rig.health.look();
  rig.health.look();
  rig.serving = true;
  rig.health.look();
  EXPECT_EQ(told(*call), (Told{kServing, kNotServing, kServing}));
  EXPECT_EQ(told(*unknown), Told{kUnknown});
  call->cancel();
  rig.serving = false;
  rig.health.look();
  EXPECT_EQ(told(*call).size(), 3u);
}

TEST(RpcHealth, TellsASlowWatcherTheNewestOnly) {
  HealthRig rig;
  const auto call = rig.open("/grpc.health.v1.Health/Watch", {});
  call->hold_writes = true;
  call->send({});
  rig.serving = false;
  rig.health.look();
  rig.serving = true;
  rig.health.look();
  rig.serving = false;
  rig.health.look();
  call->take_write();
  EXPECT_EQ(told(*call), (Told{kServing, kNotServing}));
}

TEST(RpcHealth, IsNotServingWhileTheServerStops) {
  HealthRig rig;
  const auto idle = rig.ask("Watch", "");
  const auto busy = rig.open("/grpc.health.v1.Health/Watch", {});
  busy->hold_writes = true;
  busy->send({});
  rig.routes.drain();
  EXPECT_EQ(told(*idle), (Told{kServing, kNotServing}));
  EXPECT_EQ(code_of(*idle), StatusCode::unavailable);
  EXPECT_FALSE(busy->status);
  busy->take_write();
  busy->take_write();
  EXPECT_EQ(told(*busy), (Told{kServing, kNotServing}));
  EXPECT_EQ(code_of(*busy), StatusCode::unavailable);
  EXPECT_EQ(told(*rig.ask("Check", "")), Told{kNotServing});
  EXPECT_EQ(code_of(*rig.ask("Watch", "")), StatusCode::unavailable);
}

TEST(RpcHealth, AnswersOneAddressAsOftenAsItsLimitSays) {
  RpcRig rig;
  Limits limits;
  limits.source[static_cast<std::size_t>(WorkKind::question)] = {.count = 1, .burst = 1};
  Limiter limiter(rig.clock, rig.metrics, 1, limits);
  rig.limiter = &limiter;
  const RpcHealth health({}, [] { return true; }, rig.deps());
  rig.mount({health.mount()});
  const auto ask = [&](const char* method) { return rig.send(method, HealthCheckRequest(), {}); };
  EXPECT_EQ(told(*ask("/grpc.health.v1.Health/Check")), Told{kServing});
  for (const char* method : {"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"})
    EXPECT_EQ(reason_of(*ask(method)), "limit.source");
}

TEST(RpcHealth, RefusesWhatIsNoRequest) {
  HealthRig rig;
  for (const auto& bytes : {std::string("\xff"), "\x0a\xd0\x0f" + std::string(2000, 'a')})
    EXPECT_EQ(reason_of(*rig.send_bytes("/grpc.health.v1.Health/Check", bytes, {})), "message.malformed");
}

}  // namespace
}  // namespace allauth::wire
