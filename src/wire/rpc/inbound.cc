#include "wire/rpc/inbound.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>

#include "wire/fields.h"
#include "wire/present.h"
#include "wire/rpc/check_message.h"
#include "wire/secrets.h"

namespace allauth::wire {
namespace {

// Messages within messages. A level of a free-form value takes three.
constexpr int kMaxDepth = 64;

bool parse(std::string_view bytes, Message& into) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  in.SetRecursionLimit(kMaxDepth);
  return into.ParseFromCodedStream(&in) && in.ConsumedEntireMessage();
}

}  // namespace

std::string method_path(const google::protobuf::MethodDescriptor& descriptor) {
  return fmt::format("/{}/{}", descriptor.service()->full_name(), descriptor.name());
}

Result<RpcMethod> compile_rpc(const google::protobuf::MethodDescriptor& descriptor, const Method& method) {
  RpcMethod compiled{.path = method_path(descriptor), .descriptor = &descriptor, .method = &method};
  compiled.is_public = descriptor.options().GetExtension(v1::public_);
  const auto kind = descriptor.options().GetExtension(v1::kind);
  compiled.writes = kind != v1::KIND_READ && kind != v1::KIND_SNAPSHOT;
  compiled.work = work_of(descriptor);
  compiled.request =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor.input_type());
  if (compiled.request == nullptr || descriptor.client_streaming())
    return fail(Code::bug, "schema.method",
                fmt::format("{}: it is not a compiled-in method with one request", descriptor.full_name()));
  return compiled;
}

Result<void> read_call(const RpcMethod& method, const rpc::Head& head, Call& call) {
  TRY(read_authorization(head.metadata, call));
  const bool anonymous = !call.bearer && !call.basic && head.peer.certificate_der.empty();
  if (anonymous && !method.is_public)
    return fail(Code::unauthenticated, "auth.missing",
                "This needs a credential in the authorization metadata.");
  TRY(call.if_match, read_if_match(head.metadata));
  TRY(call.at_least, read_at_least(head.metadata));
  TRY(call.idempotency_key, read_idempotency_key(head.metadata, *method.descriptor));
  return {};
}

Result<ReadMask> read_mask(const RpcMethod& method, const rpc::Head& head) {
  const auto text = http::find_header(head.metadata, "allauth-fields");
  if (!text) return ReadMask();
  // What is made is answered whole: some of it is shown this once.
  if (method.writes)
    return fail(Code::invalid, "fields.path", "Only of what is read can parts be asked for.", "fields");
  return ReadMask::parse(*text, *method.descriptor->output_type());
}

Result<std::unique_ptr<Message>> read_message(const RpcMethod& method, std::string_view bytes,
                                              const MessageLimits& limits, Call& call) {
  if (bytes.size() > limits.max_message)
    return fail(Code::invalid, "message.too_large",
                fmt::format("A message may have at most {} bytes.", limits.max_message));
  std::unique_ptr<Message> message(method.request->New());
  // On a failure, too, what was read so far may hold secrets.
  const auto filled = [&]() -> Result<void> {
    if (!parse(bytes, *message))
      return fail(Code::invalid, "message.malformed",
                  fmt::format("This is not a valid {}.", method.descriptor->input_type()->full_name()));
    TRY(check_message(*message, limits.json));
    if (method.writes) {
      TRY(call.present, stated_members(*message));
    }
    return {};
  }();
  if (filled) return message;
  wipe_secrets(*message);
  return std::unexpected(filled.error());
}

}  // namespace allauth::wire
