// The native API over gRPC: a face made from the descriptors of proto/allauth/v1 and their options. Methods,
// messages and who needs a credential all come from there; there is no code per method here.
//
// Metadata of a call: authorization (Bearer or Basic), if-match, allauth-at-least, x-request-id; of an
// answer: allauth-revision (trailing), x-request-id (initial). Failures: wire/rpc/status.h.
#pragma once

#include <memory>
#include <span>

#include <google/protobuf/descriptor.h>

#include "base/error.h"
#include "wire/face_deps.h"
#include "wire/method.h"
#include "wire/rpc/inbound.h"
#include "wire/rpc/mount.h"

namespace allauth::wire {

class RpcFace {
 public:
  // `methods` is borrowed, like `deps`. Fails ("method.*", "schema.*") if a method has no proper handler,
  // or is not what this face can serve.
  static Result<RpcFace> make(std::span<const google::protobuf::ServiceDescriptor* const> services,
                              const MethodTable& methods, FaceDeps deps, MessageLimits limits = {});

  RpcFace(RpcFace&&) noexcept;
  RpcFace& operator=(RpcFace&&) noexcept;
  ~RpcFace();

  // What a listener mounts; it keeps all that it needs of this object alive. Call once.
  RpcMount mount() &&;

 private:
  struct State;
  explicit RpcFace(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace allauth::wire
