// Which prefixes of a listener may be mounted.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "server/config/config.h"

namespace allauth::server {

// "/" or "/a/b": segments of letters, digits and -._~, none of them "." or "..", no '/' at the end. Each
// once; one may lie within "/", but within no other, for a face owns all that is below its prefix. Errors:
// config.value, config.conflict, whose messages begin with `at`, the path of the listener.
Result<void> check_mounts(const std::vector<MountConfig>& mounts, const std::string& at);

}  // namespace allauth::server
