// /livez, /readyz and /metrics: for orchestrators and Prometheus, on a listener of their own.
#pragma once

#include <functional>

#include "base/metrics.h"
#include "codec/http.h"

namespace allauth::server {

// `not_ready` answers why the server cannot serve, or nothing. Called on I/O threads.
http::Face operations_face(Metrics& metrics, std::function<std::string()> not_ready);

}  // namespace allauth::server
