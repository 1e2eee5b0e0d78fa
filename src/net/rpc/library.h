// The gRPC library's types to ours and back. Only for this folder; the only place, with the .cc files
// here, that includes the library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/string_ref.h>

#include "base/clock.h"
#include "codec/rpc.h"

namespace allauth::net {

// Called before the library is used. Peers can make it write lines to standard error at will, so it is kept
// from that; only what it says before it ends the process comes through. Nor does it watch the order in which
// its locks are taken, where it was built for debugging, as Debian's is: that costs a seventh of a call, and
// a lock for all threads.
void prepare_library();

// Takes the bytes over; a large message is not copied.
grpc::ByteBuffer to_buffer(std::string message);
// One copy. Nothing if the buffer cannot be read.
std::optional<std::string> from_buffer(const grpc::ByteBuffer& buffer);

grpc::Status to_library(rpc::Status status);
rpc::Status from_library(const grpc::Status& status);

// Whether it can be sent: a name of lower-case letters, digits, "_-.", and unless the name ends in "-bin",
// a value of printable ASCII. What the library sends on its own ("grpc-…", ":…") cannot.
bool is_sendable(const rpc::Field& field);

// A multimap of the library's.
template <class Map>
rpc::Metadata from_library(const Map& map) {
  rpc::Metadata metadata;
  metadata.reserve(map.size());
  for (const auto& [name, value] : map)
    metadata.push_back(
        {.name = std::string(name.data(), name.size()), .value = std::string(value.data(), value.size())});
  return metadata;
}

}  // namespace allauth::net
