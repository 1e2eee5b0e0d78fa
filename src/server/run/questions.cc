#include "server/run/questions.h"

#include "server/run/freshness.h"
#include "wire/openapi/routes.h"

namespace allauth::server {

Result<http::Face> questions_face(Ground& ground, const app::Core& core, const wire::native::Submit& hashers,
                                  wire::MethodTable& methods) {
  const auto services = wire::question_services();
  if (methods.find("allauth.v1.AuthService.Check") == nullptr)
    wire::native::add_questions(methods, core, hashers, nullptr);
  TRY(auto face,
      wire::RestFace::make(services, methods,
                           {ground.clock, ground.ids, ground.log, ground.metrics, freshness(ground, hashers)},
                           {.max_body = static_cast<std::size_t>(ground.config.http.max_body)}));
  TRY(wire::openapi::add_routes(face, services, {.version = ALLAUTH_VERSION}));
  return std::move(face).face();
}

}  // namespace allauth::server
