// What a node is for, and whether the configuration gives it what it takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"

namespace allauth::server {

// False for a node that follows an API node instead.
bool has_database(const Config& config);

// "a, b" is {"a", "b"}; empty parts are left out.
std::vector<std::string> split_list(std::string_view text);

// Errors, Code::invalid: config.missing, config.value, config.conflict.
Result<void> check_roles(const Config& config);

}  // namespace allauth::server
