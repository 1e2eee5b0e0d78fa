// How a command ends.
#pragma once

#include <string_view>

#include "base/error.h"

namespace allauth::server::cli {

enum class Exit {
  done = 0,
  failed = 1,
  usage = 2,
  logged_out = 3,
  not_found = 4,
  denied = 5,
  unreachable = 6
};

// Reasons: "usage" and what begins so; "server.refused" by its code; "server.unreachable" and
// "server.certificate"; "login.needed"; "check.denied"; all else is a failure.
Exit exit_of(const Error& error);

// Prints an error for a person on standard error, with what to do next where that is known; answers the exit
// status. An error without a message was told already. `about`: the command or topic whose help says more.
int complain(const Error& error, std::string_view about = {});

}  // namespace allauth::server::cli
