// The OpenAPI 3.1 document of the API, made from the operations that REST serves and from the comments of
// the .proto files. The same input gives the same bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "base/error.h"

namespace allauth::wire::openapi {

// A GET that is not made from a descriptor and needs no credential.
struct PlainRoute {
  std::string path;
  std::string operation_id;
  std::string summary;
  std::string description;
  std::string content_type;  // of JSON
};

struct DocumentOptions {
  std::string version;  // of the API
  std::vector<PlainRoute> plain_routes{};
};

// What belongs to the document of the native API besides its services.
DocumentOptions native_options(std::string version);

// Errors are bugs: those of compile() in rest/operation.h, schema.name, schema.descriptor_set.
Result<std::string> make_document(std::span<const google::protobuf::ServiceDescriptor* const> services,
                                  std::string_view descriptor_set, const DocumentOptions& options);

}  // namespace allauth::wire::openapi
