#include "net/rpc/library.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <grpcpp/support/slice.h>

namespace allauth::net {
namespace {

// Below this a copy costs less than another owner.
constexpr std::size_t kCopyBelow = 8 * 1024;

bool is_name(std::string_view name) {
  if (name.empty() || name.starts_with("grpc-")) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.')) return false;
  return true;
}

bool is_printable(std::string_view value) {
  for (const char c : value)
    if (c < 0x20 || c > 0x7E) return false;
  return true;
}

}  // namespace

void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    gpr_set_log_function([](gpr_log_func_args* line) {
      if (std::string_view(line->message).starts_with("assertion failed"))
        fmt::print(stderr, "gRPC library: {}\n", line->message);
    });
  });
}

grpc::ByteBuffer to_buffer(std::string message) {
  if (message.size() < kCopyBelow) {
    const grpc::Slice slice(message.data(), message.size());
    return {&slice, 1};
  }
  auto* owner = new std::string(std::move(message));
  const grpc::Slice slice(
      owner->data(), owner->size(), [](void* o) { delete static_cast<std::string*>(o); }, owner);
  return {&slice, 1};
}

std::optional<std::string> from_buffer(const grpc::ByteBuffer& buffer) {
  grpc::Slice single;
  if (buffer.TrySingleSlice(&single).ok())
    return std::string(reinterpret_cast<const char*>(single.begin()), single.size());
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return std::nullopt;
  std::string message;
  message.reserve(buffer.Length());
  for (const auto& slice : slices) message.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return message;
}

grpc::Status to_library(rpc::Status status) {
  if (status.code == rpc::StatusCode::ok) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code), status.message, status.details};
}

rpc::Status from_library(const grpc::Status& status) {
  return {.code = static_cast<rpc::StatusCode>(status.error_code()),
          .message = status.error_message(),
          .details = status.error_details()};
}

bool is_sendable(const rpc::Field& field) {
  return is_name(field.name) && (field.name.ends_with("-bin") || is_printable(field.value));
}

}  // namespace allauth::net
