#include "wire/rpc/reflection.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <gtest/gtest.h>

#include "allauth/v1/auth.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "wire/rpc/testing/rpc_rig.h"

namespace allauth::wire {
namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

ServerReflectionResponse ask(const SchemaIndex& index, const ServerReflectionRequest& request) {
  const auto answer = answer_reflection(index, request.SerializeAsString());
  ServerReflectionResponse response;
  EXPECT_TRUE(answer && response.ParseFromString(*answer));
  return response;
}

SchemaIndex questions() { return SchemaIndex(question_services()); }

std::vector<std::string> names(const ServerReflectionResponse& response) {
  std::vector<std::string> found;
  for (const auto& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    found.push_back(file.name());
  }
  return found;
}

ServerReflectionRequest symbol(const std::string& name) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol(name);
  return request;
}

TEST(Reflection, ListsExactlyTheServicesThatAreServed) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  const auto response = ask(questions(), request);
  ASSERT_EQ(response.list_services_response().service_size(), 1);
  EXPECT_EQ(response.list_services_response().service(0).name(), "allauth.v1.AuthService");
  EXPECT_EQ(response.original_request().list_services(), "*");
}

TEST(Reflection, FindsTheFileOfASymbolWithAllThatItImports) {
  const auto index = questions();
  for (const char* name :
       {"allauth.v1.AuthService", "allauth.v1.AuthService.Check", "allauth.v1.CheckRequest"}) {
    const auto files = names(ask(index, symbol(name)));
    ASSERT_FALSE(files.empty()) << name;
    EXPECT_EQ(files.front(), "allauth/v1/auth.proto");
    // A pool made of them alone has the service.
    google::protobuf::SimpleDescriptorDatabase database;
    for (const auto& bytes : ask(index, symbol(name)).file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      ASSERT_TRUE(file.ParseFromString(bytes));
      ASSERT_TRUE(database.Add(file));
    }
    google::protobuf::DescriptorPool pool(&database);
    EXPECT_NE(pool.FindServiceByName("allauth.v1.AuthService"), nullptr);
  }
}

TEST(Reflection, FindsFilesByNameAndExtensionsByTypeAndNumber) {
  const auto index = questions();
  ServerReflectionRequest request;
  request.set_file_by_filename("allauth/v1/options.proto");
  EXPECT_EQ(names(ask(index, request)).front(), "allauth/v1/options.proto");
  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.MethodOptions");
  request.mutable_file_containing_extension()->set_extension_number(50101);
  EXPECT_EQ(names(ask(index, request)).front(), "allauth/v1/options.proto");
  request.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  const auto numbers = ask(index, request).all_extension_numbers_response();
  EXPECT_EQ(numbers.base_type_name(), "google.protobuf.MethodOptions");
  ASSERT_GE(numbers.extension_number_size(), 3);
  EXPECT_EQ(numbers.extension_number(0), 50101);
  request.set_all_extension_numbers_of_type("allauth.v1.CheckRequest");
  EXPECT_TRUE(ask(index, request).has_all_extension_numbers_response());
}

TEST(Reflection, SaysByCodeWhatItCannotAnswer) {
  const auto index = questions();
  const auto code = [&](const ServerReflectionRequest& request) {
    return ask(index, request).error_response().error_code();
  };
  EXPECT_EQ(code(symbol("allauth.v1.UserService")), 5);  // is in the program, and not served here
  EXPECT_EQ(code(symbol("")), 5);
  ServerReflectionRequest request;
  EXPECT_EQ(code(request), 3);
  request.set_file_by_filename("allauth/v1/users.proto");
  EXPECT_EQ(code(request), 5);
  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.MethodOptions");
  request.mutable_file_containing_extension()->set_extension_number(1);
  EXPECT_EQ(code(request), 5);
  request.set_all_extension_numbers_of_type("nothing");
  EXPECT_EQ(code(request), 5);
}

TEST(Reflection, AnswersOneRequestAfterTheOtherInBothVersions) {
  for (const char* version : {"v1", "v1alpha"}) {
    RpcRig rig;
    rig.mount({reflection_mount(question_services(), rig.deps())});
    const auto call =
        rig.open(std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo", {});
    call->hold_writes = true;
    call->send(symbol("allauth.v1.AuthService").SerializeAsString());
    call->send(symbol("nothing").SerializeAsString());
    EXPECT_EQ(call->messages.size(), 1u);  // who does not read is not read from
    call->take_write();
    EXPECT_EQ(call->messages.size(), 2u);
    call->take_write();
    EXPECT_FALSE(call->status);
    call->half_close();
    EXPECT_EQ(code_of(*call), rpc::StatusCode::ok);
  }
}

TEST(Reflection, TellsOfItselfToo) {
  RpcRig rig;
  const auto mount = reflection_mount(question_services(), rig.deps());
  rig.mount({mount});
  ServerReflectionRequest request;
  request.set_list_services("");
  const auto call = rig.send(mount.methods.front(), request, {});
  ServerReflectionResponse response;
  ASSERT_TRUE(response.ParseFromString(call->messages.at(0)));
  EXPECT_EQ(response.list_services_response().service_size(), 3);
}

TEST(Reflection, EndsAConversationWithWhatIsNoRequest) {
  RpcRig rig;
  const auto mount = reflection_mount(question_services(), rig.deps());
  rig.mount({mount});
  EXPECT_EQ(reason_of(*rig.send_bytes(mount.methods.front(), "\xff", {})), "message.malformed");
  EXPECT_EQ(reason_of(*rig.send(mount.methods.front(), symbol(std::string(5000, 'a')), {})),
            "message.malformed");
}

TEST(Reflection, AnswersOneAddressAsOftenAsItsLimitSays) {
  RpcRig rig;
  Limits limits;
  limits.source[static_cast<std::size_t>(WorkKind::question)] = {.count = 1, .burst = 2};
  Limiter limiter(rig.clock, rig.metrics, 1, limits);
  rig.limiter = &limiter;
  const auto mount = reflection_mount(question_services(), rig.deps());
  rig.mount({mount});
  const auto call = rig.open(mount.methods.front(), {});
  for (int i = 0; i < 3; ++i) call->send(symbol("nothing").SerializeAsString());
  EXPECT_EQ(call->messages.size(), 2u);
  EXPECT_EQ(reason_of(*call), "limit.source");
}

TEST(Reflection, OfManyRequestsNeedsNoStack) {
  RpcRig rig;
  const auto mount = reflection_mount(question_services(), rig.deps());
  rig.mount({mount});
  const auto call = rig.open(mount.methods.front(), {});
  const std::string request = symbol("nothing").SerializeAsString();
  for (int i = 0; i < 100'000; ++i) call->incoming.push_back(request);
  call->send(request);
  EXPECT_EQ(call->messages.size(), 100'001u);
  call->half_close();
}

}  // namespace
}  // namespace allauth::wire
