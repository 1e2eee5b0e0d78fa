#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {

const OptionGroup& server_options() {
  static const OptionGroup group{
      .title = "Server",
      .options = {
          {"profile", "NAME", "the profile to use (ALLAUTH_PROFILE; else the one in use)"},
          {"server", "URL", "the server to ask (ALLAUTH_SERVER; else the profile's)"},
          {"ca", "FILE", "certificates to trust instead of the system's, PEM"},
          {"token-file", "FILE", "a file with an access token (ALLAUTH_TOKEN holds one; else the profile's)"},
          {"as-client", "ID", "ask as this client, whose key is in --key-file"},
          {"key-file", "FILE", "a file with the client's key"},
      }};
  return group;
}

const OptionGroup& output_options() {
  static const OptionGroup group{.title = "Output",
                                 .options = {
                                     {"json", "", "the server's JSON, untouched"},
                                     {"quiet", "", "only ids", 'q'},
                                 }};
  return group;
}

const OptionGroup& configuration_options() {
  static const OptionGroup group{.title = "Configuration, as for `allauth serve` (also any key: --KEY=VALUE)",
                                 .options = {{"config", "FILE", "the configuration file, TOML"}}};
  return group;
}

}  // namespace allauth::server::cli
