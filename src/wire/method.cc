#include "wire/method.h"

#include <set>

#include <fmt/format.h>

#include "allauth/v1/auth.pb.h"
#include "allauth/v1/channels.pb.h"
#include "allauth/v1/clients.pb.h"
#include "allauth/v1/domains.pb.h"
#include "allauth/v1/groups.pb.h"
#include "allauth/v1/info.pb.h"
#include "allauth/v1/nodes.pb.h"
#include "allauth/v1/policy.pb.h"
#include "allauth/v1/roles.pb.h"
#include "allauth/v1/sessions.pb.h"
#include "allauth/v1/setup.pb.h"
#include "allauth/v1/tokens.pb.h"
#include "allauth/v1/users.pb.h"
#include "allauth/v1/watch.pb.h"

namespace allauth::wire {
namespace {

Result<void> check_method(const google::protobuf::MethodDescriptor& declared, const Method* method) {
  const std::string& name = declared.full_name();
  const bool handled =
      method != nullptr && (declared.server_streaming() ? bool(method->open) : bool(method->run));
  if (!handled) return fail(Code::bug, "method.unhandled", fmt::format("{} has no handler.", name));
  if (method->kind != declared.options().GetExtension(v1::kind))
    return fail(
        Code::bug, "method.kind",
        fmt::format("{} is declared {} and handled as {}.", name,
                    v1::Kind_Name(declared.options().GetExtension(v1::kind)), v1::Kind_Name(method->kind)));
  if (method->request != declared.input_type() || method->response != declared.output_type())
    return fail(Code::bug, "method.types", fmt::format("The handler of {} has other messages.", name));
  return {};
}

}  // namespace

void MethodTable::add(std::string full_name, Method method) {
  const auto [at, is_new] = methods_.try_emplace(std::move(full_name), std::move(method));
  if (!is_new) added_twice_.push_back(at->first);
}

const Method* MethodTable::find(std::string_view full_name) const {
  const auto found = methods_.find(full_name);
  return found == methods_.end() ? nullptr : &found->second;
}

Result<void> MethodTable::check(std::span<const google::protobuf::ServiceDescriptor* const> services) const {
  if (!added_twice_.empty())
    return fail(Code::bug, "method.twice", fmt::format("{} has two handlers.", added_twice_.front()));
  std::set<std::string_view> declared;
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      declared.insert(method.full_name());
      TRY(check_method(method, find(method.full_name())));
    }
  }
  for (const auto& [name, method] : methods_)
    if (!declared.contains(name))
      return fail(Code::bug, "method.unknown", fmt::format("No service declares {}.", name));
  return {};
}

std::vector<const google::protobuf::ServiceDescriptor*> native_services() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  // One message of each file: naming them also makes the linker keep the files.
  for (const auto* message :
       {v1::CheckRequest::descriptor(), v1::Channel::descriptor(), v1::Client::descriptor(),
        v1::Domain::descriptor(), v1::Group::descriptor(), v1::Info::descriptor(), v1::Node::descriptor(),
        v1::PolicySchema::descriptor(), v1::Role::descriptor(), v1::Session::descriptor(),
        v1::CreateFirstAdminRequest::descriptor(), v1::Token::descriptor(), v1::User::descriptor(),
        v1::WatchRequest::descriptor()}) {
    for (int i = 0; i < message->file()->service_count(); ++i)
      services.push_back(message->file()->service(i));
  }
  return services;
}

std::vector<const google::protobuf::ServiceDescriptor*> question_services() {
  return {v1::CheckRequest::descriptor()->file()->service(0)};
}

}  // namespace allauth::wire
