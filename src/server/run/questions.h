// What a node serves that only decides: the two questions, without the rest of the API.
#pragma once

#include "app/core.h"
#include "codec/http.h"
#include "server/run/ground.h"
#include "wire/native/backend.h"

namespace allauth::server {

// `methods` is filled at the first call; everything must outlive the face.
Result<http::Face> questions_face(Ground& ground, const app::Core& core, const wire::native::Submit& hashers,
                                  wire::MethodTable& methods);

}  // namespace allauth::server
