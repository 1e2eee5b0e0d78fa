// What a node serves that only decides: the two questions, without the rest of the API.
#pragma once

#include "app/core.h"
#include "codec/http.h"
#include "server/run/ground.h"
#include "wire/native/backend.h"
#include "wire/rpc/mount.h"

namespace allauth::server {

// `methods` is filled at the first call of either; everything must outlive the face.
Result<http::Face> questions_face(Ground& ground, const app::Core& core, const wire::native::Submit& hashers,
                                  wire::MethodTable& methods);
// The same over gRPC.
Result<wire::RpcMount> questions_rpc(Ground& ground, const app::Core& core,
                                     const wire::native::Submit& hashers, wire::MethodTable& methods);

}  // namespace allauth::server
