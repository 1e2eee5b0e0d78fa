// Questions to the person at the terminal. They are asked on standard error, so that output can be
// redirected.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace allauth::server::cli {

// Without echo; or, told to or without a terminal, one line of standard input. Error: usage.input.
Result<Secret> read_password(std::string_view prompt, bool from_stdin);

// The same twice at a terminal, since a typing error would lock its owner out. Error: usage.input.
Result<Secret> read_new_password(std::string_view prompt);

// One line. Error: usage, with `otherwise` as what to do, where there is no terminal.
Result<std::string> ask_line(std::string_view prompt, std::string_view otherwise);

// Whether a person said yes. Error: usage where there is no terminal.
Result<bool> confirm(std::string_view question);

}  // namespace allauth::server::cli
