// The options that many commands take.
#pragma once

#include "server/cli/table/command.h"

namespace allauth::server::cli {

const OptionGroup& server_options();         // which server is asked, and as whom
const OptionGroup& output_options();         // how an answer is shown
const OptionGroup& configuration_options();  // of commands that work on the database or serve

}  // namespace allauth::server::cli
