// From the configuration to what wire limits and logs.
#pragma once

#include "app/identity/login_throttle.h"
#include "model/quotas.h"
#include "server/config/limits.h"
#include "server/config/log.h"
#include "wire/face_deps.h"

namespace allauth::server {

wire::Limits limits_of(const LimitsConfig& config);
wire::RequestLogOptions request_log_of(const LogConfig& config);

app::FailureRates failures_of(const LimitsConfig& config);

Amounts quotas_of(const QuotasConfig& config);

}  // namespace allauth::server
