// Answers of the API as a person reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/cli/client/json.h"

namespace allauth::server::cli {

// One thing: a line for each member that is not empty.
std::string show_thing(const Json& thing);

// The things of the answer's list; nothing if there is no list in it.
const boost::json::array* list_in(const Json& answer);

// A table of things: `columns` names members, "role.name" one of a member.
std::string show_table(const std::vector<const Json*>& things, std::string_view columns);

// A value in one line: texts as they are, times without fractions, lists with commas.
std::string in_one_line(const Json& value);

// The member that "role.name" names, in one line; empty if there is none.
std::string at_path(const Json& thing, std::string_view path);

}  // namespace allauth::server::cli
