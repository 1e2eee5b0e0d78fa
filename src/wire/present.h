// Which members a request states, for transports whose messages do not tell "empty" from "not said".
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "wire/method.h"

namespace allauth::wire {

// What a request changes, for Call.present: what its update_mask names ("*": everything); if that is empty,
// the members that are not empty (https://google.aip.dev/134). A request without such a mask states all of
// its members. Error: invalid mask.path, which names the path that is no member.
Result<std::vector<std::string>> stated_members(const Message& request);

}  // namespace allauth::wire
