// How the fields of a request are typed: "domain_id" is --domain DOMAIN, "tags" is --tag TAG again and again.
#pragma once

#include <string>

#include "server/cli/table/command.h"
#include "wire/rest/catalogue.h"

namespace allauth::server::cli {

// The option that fills a field; of a method that lists, the help says what it leaves out.
Option option_of(const wire::RequestField& field, bool lists);

// The word that stands for a field in a synopsis: "CLIENT".
std::string metavar_of(const wire::RequestField& field);

// Fields that have no option: paging, which --limit and --all do; hashes of passwords, which come from other
// systems by the hundred and not by hand; and what the server refuses.
bool is_hidden(const wire::RequestField& field);

}  // namespace allauth::server::cli
