#include "wire/rpc/remote_schema.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include "grpc/reflection/v1/reflection.pb.h"
#include "wire/rest/json_read.h"
#include "wire/rest/json_write.h"
#include "wire/rest/operation.h"
#include "wire/rpc/inbound.h"

namespace allauth::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

std::unexpected<Error> unknown(std::string_view name) {
  return fail(Code::not_found, "rpc.unknown", fmt::format("The server serves nothing named {}.", name));
}

std::unexpected<Error> unreadable() {
  return fail(Code::unavailable, "rpc.reflection", "What the server says of its types cannot be read.");
}

Result<ServerReflectionResponse> read_answer(std::string_view bytes) {
  ServerReflectionResponse answer;
  if (!answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return unreadable();
  if (answer.has_error_response())
    return fail(Code::not_found, "rpc.unknown", answer.error_response().error_message());
  return answer;
}

// Our own JSON knows fewer types than there are.
bool is_ours(const Descriptor& type) { return check_schema(type).has_value(); }

}  // namespace

// The types that the program has itself (google.protobuf.Struct and its like) are its own classes, which
// the JSON code knows; all others are made from what the server says.
struct RemoteSchema::State {
  std::vector<FileDescriptorProto> files;
  std::set<std::string> begun;  // to be built
  google::protobuf::DescriptorPool pool{google::protobuf::DescriptorPool::generated_pool()};
  google::protobuf::DynamicMessageFactory factory{&pool};

  State() { factory.SetDelegateToGeneratedFactory(true); }

  static bool is_google(const std::string& file) { return file.starts_with("google/protobuf/"); }

  // Those that a file imports come before it.
  bool build(const std::string& name) {
    if (is_google(name) || !begun.insert(name).second) return true;
    const auto file = std::ranges::find(files, name, [](const auto& f) { return f.name(); });
    if (file == files.end()) return false;
    for (const auto& import : file->dependency())
      if (!build(import)) return false;
    return pool.BuildFile(*file) != nullptr;
  }

  std::unique_ptr<Message> make(const Descriptor& type) {
    return std::unique_ptr<Message>(factory.GetPrototype(&type)->New());
  }

  const MethodDescriptor* find(std::string_view path) const {
    std::string name(path.substr(path.starts_with('/') ? 1 : 0));
    std::ranges::replace(name, '/', '.');
    return pool.FindMethodByName(name);
  }
};

RemoteSchema::RemoteSchema() : state_(std::make_unique<State>()) {}
RemoteSchema::~RemoteSchema() = default;
RemoteSchema::RemoteSchema(RemoteSchema&&) noexcept = default;

std::string RemoteSchema::method() {
  return method_path(*ServerReflectionRequest::descriptor()->file()->service(0)->method(0));
}

std::string RemoteSchema::ask_services() {
  ServerReflectionRequest request;
  request.set_list_services("*");
  return request.SerializeAsString();
}

std::string RemoteSchema::ask_symbol(std::string_view full_name) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol(std::string(full_name));
  return request.SerializeAsString();
}

Result<std::vector<std::string>> RemoteSchema::read_services(std::string_view bytes) {
  TRY(const auto answer, read_answer(bytes));
  std::vector<std::string> names;
  for (const auto& service : answer.list_services_response().service()) names.push_back(service.name());
  return names;
}

Result<void> RemoteSchema::add_files(std::string_view bytes) {
  TRY(const auto answer, read_answer(bytes));
  for (const auto& file : answer.file_descriptor_response().file_descriptor_proto())
    if (!state_->files.emplace_back().ParseFromString(file)) return unreadable();
  for (const auto& file : std::vector(state_->files))
    if (!state_->build(file.name())) return unreadable();
  return {};
}

Result<RemoteSchema::Operation> RemoteSchema::find(std::string_view name) const {
  const auto* method = state_->find(name);
  if (method == nullptr) return unknown(name);
  return Operation{.path = method_path(*method),
                   .takes_several = method->client_streaming(),
                   .answers_several = method->server_streaming()};
}

Result<std::string> RemoteSchema::to_bytes(const Operation& operation, std::string_view json) const {
  const Descriptor& type = *state_->find(operation.path)->input_type();
  const auto message = state_->make(type);
  if (is_ours(type)) {
    TRY(read_json(json, *message, {}));
  } else if (!google::protobuf::util::JsonStringToMessage(std::string(json), message.get()).ok()) {
    return fail(Code::invalid, "json.syntax", fmt::format("This is not the JSON of a {}.", type.full_name()));
  }
  return message->SerializeAsString();
}

Result<std::string> RemoteSchema::to_json(const Operation& operation, std::string_view bytes) const {
  const Descriptor& type = *state_->find(operation.path)->output_type();
  const auto message = state_->make(type);
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(Code::unavailable, "message.malformed",
                fmt::format("The server's answer is not a {}.", type.full_name()));
  std::string json;
  if (is_ours(type)) {
    append_json(json, *message);
    return json;
  }
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  if (!google::protobuf::util::MessageToJsonString(*message, &json, options).ok()) return unreadable();
  return json;
}

Result<std::string> RemoteSchema::describe(std::string_view full_name) const {
  const std::string name(full_name);
  const auto& pool = state_->pool;
  if (const auto* service = pool.FindServiceByName(name)) return service->DebugString();
  if (const auto* message = pool.FindMessageTypeByName(name)) return message->DebugString();
  if (const auto* type = pool.FindEnumTypeByName(name)) return type->DebugString();
  if (const auto* method = state_->find(full_name)) {
    return fmt::format("{}\n{}\n{}", method->DebugString(), method->input_type()->DebugString(),
                       method->output_type()->DebugString());
  }
  return unknown(full_name);
}

}  // namespace allauth::wire
