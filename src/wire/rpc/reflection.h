// Server reflection, v1 and v1alpha (which are the same on the wire): what a gRPC listener serves, told to
// whoever asks, as often as the limits of a source say. It tells of the mounts of that listener and of
// nothing else in the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "wire/face_deps.h"
#include "wire/rpc/mount.h"
#include "wire/rpc/schema_index.h"

namespace allauth::wire {

// `services` are those of the other mounts; its own are added.
RpcMount reflection_mount(std::vector<const google::protobuf::ServiceDescriptor*> services, FaceDeps deps);

// The answer to one request, both as bytes of grpc.reflection.v1. What cannot be answered is an
// error_response: NOT_FOUND for names that there are not, INVALID_ARGUMENT for what is no question. Error:
// message.malformed, for bytes that are no request or more than 4 KiB.
Result<std::string> answer_reflection(const SchemaIndex& index, std::string_view request);

}  // namespace allauth::wire
