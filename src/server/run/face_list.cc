#include "server/run/faces.h"

namespace allauth::server {

std::span<const HttpFace> http_faces() { return released_http_faces(); }

}  // namespace allauth::server
