// What the commands that talk to a server have in common.
#pragma once

#include "server/cli/options.h"
#include "server/outbound/http_client.h"

namespace allauth::server::cli {

// --server, else ALLAUTH_SERVER, else the default listener; --ca.
ApiTarget target_of(const Options& options, Secret token);

// --token-file, else ALLAUTH_TOKEN, else what `allauth login` kept. Empty if there is none.
Result<Secret> find_token(const Options& options);

// Where `allauth login` keeps the access token: $XDG_CONFIG_HOME/allauth/token, mode 0600.
std::string token_file();

// From the terminal without echo, or one line of standard input.
Result<Secret> read_password(std::string_view prompt, bool from_stdin);

// An answer above 299 as an Error with the server's own words.
Result<void> require_success(const ApiAnswer& answer);

}  // namespace allauth::server::cli
