#include "wire/rpc/mount.h"

#include <utility>

#include "wire/rpc/inbound.h"

namespace allauth::wire {

RpcMount mount_of(std::vector<const google::protobuf::ServiceDescriptor*> services, rpc::Face face) {
  RpcMount mount;
  for (const auto* service : services)
    for (int i = 0; i < service->method_count(); ++i)
      mount.methods.push_back(method_path(*service->method(i)));
  mount.services = std::move(services);
  mount.face = std::move(face);
  return mount;
}

}  // namespace allauth::wire
