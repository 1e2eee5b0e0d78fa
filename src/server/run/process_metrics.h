// What the program says of itself as a process, beside what its parts say of their work: its version, what it
// takes of the machine, and until when its certificates are good.
#pragma once

#include "base/metrics.h"
#include "server/config/config.h"

namespace allauth::server {

// Each value is looked up when it is shown. `metrics` may outlive the configuration.
void add_process_metrics(Metrics& metrics, const Config& config);

}  // namespace allauth::server
