// A secret that an operator keeps in a file.
#pragma once

#include <string>

#include "base/error.h"
#include "base/secret.h"

namespace allauth::server {

// Its text without the line ends behind it, at most 4096 bytes. Error: config.file.
Result<Secret> read_secret_file(const std::string& path);

}  // namespace allauth::server
