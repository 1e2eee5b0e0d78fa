// Which members of an answer the caller wants: "id,name,clients.name". A path goes from member to member,
// through lists as well; a member that is named comes whole. The same grammar everywhere: the query
// parameter `fields` over REST, the metadata `allauth-fields` over gRPC.
#pragma once

#include <map>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "base/error.h"
#include "wire/method.h"

namespace allauth::wire {

class ReadMask {
 public:
  static constexpr std::size_t kMaxPaths = 64;
  static constexpr std::size_t kMaxBytes = 1024;

  // Error: invalid fields.path, for what is no member of `type` or of a message below it, and for more than
  // the above. Free-form objects come whole or not at all.
  static Result<ReadMask> parse(std::string_view text, const google::protobuf::Descriptor& type);

  // Whether a member is wanted, and which of its own; a mask without members wants all of them.
  bool wants(const google::protobuf::FieldDescriptor& field) const;
  const ReadMask& below(const google::protobuf::FieldDescriptor& field) const;

  // Clears what is not wanted.
  void prune(Message& message) const;

  // Wants everything.
  static const ReadMask& all();

 private:
  Result<void> add(std::string_view path, const google::protobuf::Descriptor& type);

  std::map<int, ReadMask> members_;  // by field number
};

}  // namespace allauth::wire
