#include "wire/rpc/remote_schema.h"

#include <gtest/gtest.h>

#include "allauth/v1/users.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "wire/method.h"
#include "wire/rpc/reflection.h"

namespace allauth::wire {
namespace {

// A server's reflection, asked without a transport.
struct Remote {
  SchemaIndex index{services()};
  RemoteSchema schema;

  static std::vector<const google::protobuf::ServiceDescriptor*> services() {
    auto all = native_services();
    all.push_back(grpc::health::v1::HealthCheckRequest::descriptor()->file()->service(0));
    return all;
  }
  Result<void> learn(std::string_view symbol) {
    return schema.add_files(*answer_reflection(index, RemoteSchema::ask_symbol(symbol)));
  }
};

TEST(RemoteSchema, KnowsTheServices) {
  Remote remote;
  const auto names =
      RemoteSchema::read_services(*answer_reflection(remote.index, RemoteSchema::ask_services()));
  ASSERT_TRUE(names);
  EXPECT_NE(std::ranges::find(*names, "allauth.v1.UserService"), names->end());
  EXPECT_EQ(RemoteSchema::method(), "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
}

TEST(RemoteSchema, WritesRequestsAndReadsAnswersAsRestDoes) {
  Remote remote;
  ASSERT_TRUE(remote.learn("allauth.v1.UserService"));
  ASSERT_TRUE(remote.learn("allauth.v1.ChannelService"));
  const auto create = remote.schema.find("allauth.v1.UserService/CreateUser");
  ASSERT_TRUE(create) << create.error().message;
  EXPECT_EQ(create->path, "/allauth.v1.UserService/CreateUser");
  const auto bytes =
      remote.schema.to_bytes(*create, R"({"email":"a@b.c","tags":["x"],"metadata":{"a":[1,{"b":null}]}})");
  ASSERT_TRUE(bytes) << bytes.error().message;
  v1::CreateUserRequest request;
  ASSERT_TRUE(request.ParseFromString(*bytes));
  EXPECT_EQ(request.email(), "a@b.c");
  EXPECT_EQ(request.metadata().fields().at("a").list_value().values(0).number_value(), 1);
  v1::User user;
  user.set_id("u1");
  user.set_status(v1::STATUS_ENABLED);
  user.mutable_created_at()->set_seconds(0);
  (*user.mutable_metadata()->mutable_fields())["a"].set_bool_value(true);
  const auto json = remote.schema.to_json(*create, user.SerializeAsString());
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_NE(json->find(R"("id":"u1")"), std::string::npos) << *json;
  EXPECT_NE(json->find(R"("metadata":{"a":true})"), std::string::npos) << *json;
  EXPECT_NE(json->find(R"("status":"enabled")"), std::string::npos) << *json;
  EXPECT_NE(json->find(R"("created_at":"1970-01-01T00:00:00)"), std::string::npos) << *json;
  EXPECT_EQ(remote.schema.to_bytes(*create, R"({"nmae":1})").error().reason, Reason("json.unknown_member"));
}

TEST(RemoteSchema, TakesTypesThatOurJsonDoesNotKnow) {
  Remote remote;
  ASSERT_TRUE(remote.learn("grpc.health.v1.Health"));
  const auto check = remote.schema.find("grpc.health.v1.Health.Check");
  ASSERT_TRUE(check);
  EXPECT_EQ(remote.schema.to_bytes(*check, R"({"service":"a"})"), std::string("\x0a\x01") + "a");
  grpc::health::v1::HealthCheckResponse response;
  response.set_status(response.SERVING);
  EXPECT_EQ(remote.schema.to_json(*check, response.SerializeAsString()), R"({"status":"SERVING"})");
  EXPECT_TRUE(remote.schema.find("grpc.health.v1.Health/Watch")->answers_several);
}

TEST(RemoteSchema, Describes) {
  Remote remote;
  ASSERT_TRUE(remote.learn("allauth.v1.UserService"));
  EXPECT_TRUE(remote.schema.describe("allauth.v1.UserService")->starts_with("service UserService {"));
  EXPECT_TRUE(remote.schema.describe("allauth.v1.User")->starts_with("message User {"));
  EXPECT_TRUE(remote.schema.describe("allauth.v1.Status")->starts_with("enum Status {"));
  EXPECT_NE(remote.schema.describe("allauth.v1.UserService/GetUser")->find("message GetUserRequest {"),
            std::string::npos);
  EXPECT_EQ(remote.schema.describe("allauth.v1.Nothing").error().reason, Reason("rpc.unknown"));
}

TEST(RemoteSchema, RefusesWhatIsNoAnswer) {
  Remote remote;
  EXPECT_EQ(remote.learn("nothing").error().reason, Reason("rpc.unknown"));
  EXPECT_EQ(remote.schema.add_files("\xff").error().reason, Reason("rpc.reflection"));
  EXPECT_EQ(remote.schema.find("a/b").error().reason, Reason("rpc.unknown"));
}

}  // namespace
}  // namespace allauth::wire
