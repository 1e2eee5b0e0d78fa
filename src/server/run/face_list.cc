#include "server/run/faces.h"
#include "server/run/rpc_faces.h"

namespace allauth::server {

std::span<const HttpFace> http_faces() { return released_http_faces(); }
std::span<const NamedRpcFace> rpc_faces() { return released_rpc_faces(); }

}  // namespace allauth::server
