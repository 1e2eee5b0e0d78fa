// What to do next, by reason.
#pragma once

#include <string>

#include "base/error.h"

namespace allauth::server::cli {

// One sentence, or nothing. Of an error that a server answered, its own reason counts: the first word of the
// detail.
std::string hint_for(const Error& error);

}  // namespace allauth::server::cli
