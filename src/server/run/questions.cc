#include "server/run/questions.h"

#include "server/run/face_deps.h"
#include "wire/openapi/routes.h"
#include "wire/rest/face.h"
#include "wire/rpc/face.h"

namespace allauth::server {
namespace {

void fill(wire::MethodTable& methods, const app::Core& core, const wire::native::Submit& hashers) {
  if (methods.find("allauth.v1.AuthService.Check") == nullptr)
    wire::native::add_questions(methods, core, hashers, nullptr);
}

}  // namespace

Result<http::Face> questions_face(Ground& ground, const app::Core& core, const wire::native::Submit& hashers,
                                  wire::MethodTable& methods) {
  fill(methods, core, hashers);
  const auto services = wire::question_services();
  TRY(auto face, wire::RestFace::make(services, methods, face_deps(ground, hashers),
                                      {.max_body = static_cast<std::size_t>(ground.config.http.max_body)}));
  TRY(wire::openapi::add_routes(face, services, {.version = ALLAUTH_VERSION}));
  return std::move(face).face();
}

Result<wire::RpcMount> questions_rpc(Ground& ground, const app::Core& core,
                                     const wire::native::Submit& hashers, wire::MethodTable& methods) {
  fill(methods, core, hashers);
  TRY(auto face, wire::RpcFace::make(wire::question_services(), methods, face_deps(ground, hashers),
                                     {.max_message = static_cast<std::size_t>(ground.config.http.max_body)}));
  return std::move(face).mount();
}

}  // namespace allauth::server
