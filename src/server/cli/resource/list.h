// Lists, over as many pages as it takes.
#pragma once

#include <string_view>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/resource/request.h"

namespace allauth::server::cli {

// Asks for pages until --limit (50) or, with --all, the end; then shows a table. With --json each page is
// printed as it came, one on a line; with --quiet only ids are. What is left is told on standard error.
Result<void> list_all(Connection& connection, const wire::RestMethod& method, FieldValues values,
                      const Options& options, std::string_view columns);

// --limit, or all there are with --all. Error: usage.
Result<std::uint64_t> limit_of(const Options& options);

// The table of an answer that has a list, or its texts one on a line.
void print_list(const Json& answer, std::string_view columns);

// The ids of the things in an answer: of its list, by the first of the columns, or of the one thing, with the
// key if that is shown this once only.
void print_ids(const Json& answer, std::string_view columns);

}  // namespace allauth::server::cli
