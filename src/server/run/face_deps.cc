#include "server/run/face_deps.h"

#include "server/run/freshness.h"
#include "server/run/limits.h"

namespace allauth::server {

wire::FaceDeps face_deps(Ground& ground) {
  return {.clock = ground.clock,
          .ids = ground.ids,
          .log = ground.log,
          .metrics = ground.metrics,
          .entropy = &ground.id_entropy,
          .limiter = &ground.limiter,
          .request_log = request_log_of(ground.config.log)};
}

wire::FaceDeps face_deps(Ground& ground, wire::native::Submit resume) {
  auto deps = face_deps(ground);
  deps.at_least = freshness(ground, std::move(resume));
  return deps;
}

}  // namespace allauth::server
