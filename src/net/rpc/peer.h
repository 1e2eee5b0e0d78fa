// Who is at the other end of a call, as far as TLS knows. Only for the .cc files of this folder.
#pragma once

#include <string>

#include <grpcpp/server_context.h>

namespace allauth::net {

// The client certificate that was verified; empty if there is none.
std::string certificate_der(const grpc::ServerContextBase& context);

}  // namespace allauth::net
