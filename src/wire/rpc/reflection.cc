#include "wire/rpc/reflection.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "wire/begin_call.h"
#include "wire/rpc/call_record.h"
#include "wire/rpc/inbound.h"
#include "wire/rpc/turns.h"

namespace allauth::wire {
namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

constexpr std::size_t kMaxRequest = 4096;  // bytes

void put_error(ServerReflectionResponse& response, rpc::StatusCode code, std::string message) {
  response.mutable_error_response()->set_error_code(static_cast<int>(code));
  response.mutable_error_response()->set_error_message(std::move(message));
}

void put_files(ServerReflectionResponse& response, const SchemaIndex::Files* files) {
  if (files == nullptr)
    return put_error(response, rpc::StatusCode::not_found, "There is nothing of that name here.");
  for (const auto& file : *files)
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(file);
}

void put_extensions(ServerReflectionResponse& response, const std::string& type,
                    const std::set<int>* numbers) {
  if (numbers == nullptr)
    return put_error(response, rpc::StatusCode::not_found, "There is no message type of that name here.");
  auto& answer = *response.mutable_all_extension_numbers_response();
  answer.set_base_type_name(type);
  for (const int number : *numbers) answer.add_extension_number(number);
}

void put_services(ServerReflectionResponse& response, const SchemaIndex& index) {
  auto& answer = *response.mutable_list_services_response();
  for (const auto& name : index.services()) answer.add_service()->set_name(name);
}

void put_answer(ServerReflectionResponse& response, const SchemaIndex& index,
                const ServerReflectionRequest& request) {
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      return put_files(response, index.find_file(request.file_by_filename()));
    case ServerReflectionRequest::kFileContainingSymbol:
      return put_files(response, index.find_symbol(request.file_containing_symbol()));
    case ServerReflectionRequest::kFileContainingExtension: {
      const auto& asked = request.file_containing_extension();
      return put_files(response, index.find_extension(asked.containing_type(), asked.extension_number()));
    }
    case ServerReflectionRequest::kAllExtensionNumbersOfType: {
      const auto& type = request.all_extension_numbers_of_type();
      return put_extensions(response, type, index.find_extensions(type));
    }
    case ServerReflectionRequest::kListServices:
      return put_services(response, index);
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      break;
  }
  put_error(response, rpc::StatusCode::invalid_argument, "The request asks nothing that is known here.");
}

struct Shared {
  Shared(SchemaIndex i, FaceDeps d)
      : index(std::move(i)), deps(std::move(d)), probe(deps.metrics, "grpc.reflection.ServerReflection") {}
  SchemaIndex index;
  FaceDeps deps;
  Probe probe;
};

// A caller who asks again and again on one stream: one answer is written before the next request is read.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(std::shared_ptr<Shared> shared, std::shared_ptr<rpc::ServerCall> call, std::string_view route)
      : shared_(std::move(shared)), record_(shared_->deps, shared_->probe, std::move(call)) {
    record_.set_route(route, shared_->probe);
  }

  void advance() {
    const auto self = shared_from_this();
    turns_.run([&self] { self->step(); });
  }

 private:
  void step() {
    auto answer = std::exchange(answer_, std::nullopt);
    const auto self = shared_from_this();
    if (answer) return record_.call().write(std::move(*answer), [self](bool taken) { self->written(taken); });
    if (std::exchange(reading_, true)) return;
    record_.call().read([self](std::optional<std::string> bytes) { self->got(std::move(bytes)); });
  }
  void got(std::optional<std::string> bytes) {
    if (!bytes) return record_.end_well();
    // Each question of a conversation counts.
    if (auto may = admit(record_.info(), WorkKind::question); !may) return record_.fail(may.error());
    auto answer = answer_reflection(shared_->index, *bytes);
    if (!answer) return record_.fail(answer.error());
    answer_ = std::move(*answer);
    advance();
  }
  void written(bool taken) {
    if (!taken) return record_.cancelled();
    reading_ = false;
    advance();
  }

  std::shared_ptr<Shared> shared_;
  CallRecord record_;
  Turns turns_;
  // Only what is pending touches these, and only one thing is.
  std::optional<std::string> answer_;
  bool reading_ = false;
};

}  // namespace

Result<std::string> answer_reflection(const SchemaIndex& index, std::string_view bytes) {
  ServerReflectionRequest request;
  if (bytes.size() > kMaxRequest || !request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(Code::invalid, "message.malformed",
                "This is not a valid grpc.reflection.v1.ServerReflectionRequest.");
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  put_answer(response, index, request);
  *response.mutable_original_request() = std::move(request);
  return response.SerializeAsString();
}

RpcMount reflection_mount(std::vector<const google::protobuf::ServiceDescriptor*> services, FaceDeps deps) {
  RpcMount mount;
  for (const auto* own :
       {grpc::reflection::v1::ServerReflectionRequest::descriptor()->file()->service(0),
        grpc::reflection::v1alpha::ServerReflectionRequest::descriptor()->file()->service(0)}) {
    mount.methods.push_back(method_path(*own->method(0)));
    mount.services.push_back(own);
    services.push_back(own);
  }
  const auto shared = std::make_shared<Shared>(SchemaIndex(services), std::move(deps));
  mount.face = [shared, methods = mount.methods](std::shared_ptr<rpc::ServerCall> call) {
    const auto& route = call->head().method == methods.front() ? methods.front() : methods.back();
    std::make_shared<Conversation>(shared, std::move(call), route)->advance();
  };
  return mount;
}

}  // namespace allauth::wire
