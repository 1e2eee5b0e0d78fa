#include "server/run/limits.h"

namespace allauth::server {
namespace {

// In the order of wire::WorkKind.
wire::Limits::PerKind rates(const WorkLimits& limits) {
  return {limits.questions, limits.reads, limits.writes, limits.logins};
}

wire::LogRequests which(LogRequestsConfig config) {
  switch (config) {
    case LogRequestsConfig::all:
      return wire::LogRequests::all;
    case LogRequestsConfig::errors:
      return wire::LogRequests::errors;
    case LogRequestsConfig::none:
      return wire::LogRequests::none;
  }
  return wire::LogRequests::all;
}

}  // namespace

wire::Limits limits_of(const LimitsConfig& config) {
  return {.source = rates(config.source),
          .principal = rates(config.principal),
          .domain = rates(config.domain),
          .exempt_loopback = config.exempt_loopback};
}

app::FailureRates failures_of(const LimitsConfig& config) {
  return {.one = config.failures.one,
          .account = config.failures.account,
          .source = config.failures.source,
          .exempt_loopback = config.exempt_loopback};
}

wire::RequestLogOptions request_log_of(const LogConfig& config) {
  return {.which = which(config.requests), .slow = config.slow_request};
}

// In the order of Counted.
Amounts quotas_of(const QuotasConfig& config) {
  return {config.members, config.clients,     config.channels,   config.groups,
          config.roles,   config.connections, config.client_keys};
}

}  // namespace allauth::server
