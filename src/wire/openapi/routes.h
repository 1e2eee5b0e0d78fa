// The description of the API as the server itself serves it: to programs as /api/v1/openapi.json, to people
// as the page /api/v1/docs, to anybody without a credential.
#pragma once

#include <span>

#include <google/protobuf/descriptor.h>

#include "base/error.h"
#include "wire/openapi/document.h"
#include "wire/rest/face.h"

namespace allauth::wire::openapi {

// Adds the routes to a face that serves `services`. Answers carry an ETag and heed If-None-Match. Errors are
// bugs: those of make_document() and RestFace::route().
Result<void> add_routes(RestFace& face, std::span<const google::protobuf::ServiceDescriptor* const> services,
                        const DocumentOptions& options);

}  // namespace allauth::wire::openapi
