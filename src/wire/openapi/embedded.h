// Files that are compiled into the program. They live as long as it does.
#pragma once

#include <string_view>

namespace allauth::wire::openapi {

// A google.protobuf.FileDescriptorSet of proto/ and all that it imports, with the comments.
std::string_view descriptor_set();

// The page that shows openapi.json to people.
std::string_view page_html();
std::string_view page_css();
std::string_view page_js();

}  // namespace allauth::wire::openapi
