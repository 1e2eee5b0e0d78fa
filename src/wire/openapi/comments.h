// The comments of the .proto files. The descriptors that are compiled in have lost them, so they are
// looked up by name in a descriptor set that was made with its source info.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "base/error.h"

namespace allauth::wire::openapi {

// Only read once it is made, which is thread-safe. All answers are CommonMark, empty where there is no
// comment or no such name.
class Comments {
 public:
  // A serialised google.protobuf.FileDescriptorSet, files before those that import them. Error:
  // schema.descriptor_set (bug).
  static Result<Comments> parse(std::string_view descriptor_set);

  // What stands before it, then what stands behind it.
  std::string of(const google::protobuf::FieldDescriptor& field) const;
  std::string of(const google::protobuf::EnumValueDescriptor& value) const;
  std::string of(const google::protobuf::EnumDescriptor& type) const;
  std::string of(const google::protobuf::Descriptor& message) const;
  std::string of(const google::protobuf::MethodDescriptor& method) const;
  std::string of(const google::protobuf::ServiceDescriptor& service) const;

  // At the top of the file.
  std::string of(const google::protobuf::FileDescriptor& file) const;

 private:
  explicit Comments(std::unique_ptr<const google::protobuf::DescriptorPool> files)
      : files_(std::move(files)) {}

  std::unique_ptr<const google::protobuf::DescriptorPool> files_;
};

}  // namespace allauth::wire::openapi
