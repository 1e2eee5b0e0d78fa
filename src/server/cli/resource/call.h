// Does what a resource command says: asks, calls, shows.
#pragma once

#include <string>
#include <vector>

#include "server/cli/resource/resource.h"
#include "wire/rest/catalogue.h"

namespace allauth::server::cli {

struct WordField {
  std::string name;
  bool optional = false;
  bool several = false;
};

// ResourceCommand::words, taken apart.
std::vector<WordField> word_fields(const ResourceCommand& resource);

// The option that says where a secret comes from; it never stands on the command line itself.
Option secret_option(const wire::RequestField& field);

Result<void> call_resource(const ResourceCommand& resource, const wire::RestMethod& method,
                           const Options& options);

}  // namespace allauth::server::cli
