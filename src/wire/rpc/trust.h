// Who asks over gRPC, settled as for HTTP (codec/forwarded.h): by forwarded, x-forwarded-for and their like
// in the metadata, which count if a proxy of ours wrote them.
#pragma once

#include <string>

#include "base/metrics.h"
#include "codec/forwarded.h"
#include "codec/rpc.h"

namespace allauth::wire {

// Settles it before `face` sees the call. Counts as the HTTP listeners do what was not believed. `metrics` is
// borrowed.
rpc::Face with_trust(http::Trust trust, const std::string& listener, Metrics& metrics, rpc::Face face);

}  // namespace allauth::wire
