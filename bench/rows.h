// The rows, one file each. A row that cannot be measured here says so in a note; an error is for what
// should have worked.
#pragma once

#include "base/error.h"
#include "bench/options.h"
#include "bench/report.h"

namespace allauth::bench {

Result<void> http_row(const Options& options, Report& report);    // row_http.cc
Result<void> rpc_row(const Options& options, Report& report);     // row_rpc.cc
Result<void> check_row(const Options& options, Report& report);   // row_check.cc
Result<void> policy_row(const Options& options, Report& report);  // row_policy.cc
Result<void> mqtt_row(const Options& options, Report& report);    // row_mqtt.cc
Result<void> start_row(const Options& options, Report& report);   // row_start.cc
Result<void> writes_row(const Options& options, Report& report);  // row_writes.cc
Result<void> login_row(const Options& options, Report& report);   // row_login.cc
Result<void> nodes_row(const Options& options, Report& report);   // row_nodes.cc
Result<void> size_row(const Options& options, Report& report);    // row_size.cc
Result<void> lists_row(const Options& options, Report& report);   // row_lists.cc
Result<void> tokens_row(const Options& options, Report& report);  // row_tokens.cc

}  // namespace allauth::bench
