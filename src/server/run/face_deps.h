// What every face is given, whatever transport it serves.
#pragma once

#include "server/run/ground.h"
#include "wire/face_deps.h"
#include "wire/native/backend.h"

namespace allauth::server {

// The ground outlives the face.
wire::FaceDeps face_deps(Ground& ground);
// Of the native API, whose calls may wait for a revision; `resume` as freshness() has it.
wire::FaceDeps face_deps(Ground& ground, wire::native::Submit resume);

}  // namespace allauth::server
