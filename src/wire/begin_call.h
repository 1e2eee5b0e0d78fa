// What is known of a call before anything that it asks for is read.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "codec/http.h"
#include "wire/face_deps.h"
#include "wire/method.h"

namespace allauth::wire {

// `headers` of HTTP, or the metadata of gRPC as such.
Call begin_call(const FaceDeps& deps, const http::Headers& headers, const http::Peer& peer, Tick deadline);

// Counts the call for the address that it comes from, as work of this kind. To be asked before anything of it
// is read. Error: exhausted limit.source.
Result<void> admit(Call& call, WorkKind work);

}  // namespace allauth::wire
