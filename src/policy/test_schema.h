// For tests: a schema with usersets, arrows to several kinds, grants and cycles.
#pragma once

#include <string_view>

namespace allauth::policy {

inline constexpr std::string_view kFolders =
    "definition user {}\n"
    "definition role {\n relation member: user\n}\n"
    "definition group {\n"
    " relation member: user | group#member | role#member\n"
    " relation boss: user\n"
    " relation admit: role#member from grants\n"
    " permission view = boss + admit\n"
    "}\n"
    "definition folder {\n"
    " relation parent: folder | group\n"
    " relation viewer: user | group#member | group#view | folder#view\n"
    " relation read: role#member from grants\n"
    " relation write: role#member from grants\n"
    " permission edit = write + parent->edit\n"
    " permission view = edit + viewer + read + parent->view\n"
    "}\n";

}  // namespace allauth::policy
