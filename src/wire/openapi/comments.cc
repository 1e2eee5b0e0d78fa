#include "wire/openapi/comments.h"

#include <utility>
#include <vector>

#include <google/protobuf/descriptor.pb.h>

#include "base/text.h"

namespace allauth::wire::openapi {
namespace {

using google::protobuf::SourceLocation;

// Without the space that follows "//" in each line.
std::string text_of(std::string_view comment) {
  std::string text;
  for (std::string_view line : split(comment, '\n')) {
    if (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ')) line.remove_suffix(1);
    text += line;
    text += '\n';
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string text_of(const SourceLocation& location) {
  std::string text = text_of(location.leading_comments);
  const std::string trailing = text_of(location.trailing_comments);
  if (!text.empty() && !trailing.empty()) text += "\n\n";
  return text + trailing;
}

template <class Descriptor>
std::string comment_of(const Descriptor* descriptor) {
  SourceLocation location;
  if (descriptor == nullptr || !descriptor->GetSourceLocation(&location)) return {};
  return text_of(location);
}

}  // namespace

Result<Comments> Comments::parse(std::string_view descriptor_set) {
  google::protobuf::FileDescriptorSet set;
  auto pool = std::make_unique<google::protobuf::DescriptorPool>();
  bool good = set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()));
  for (const auto& file : set.file()) good = good && pool->BuildFile(file) != nullptr;
  if (!good) return fail(Code::bug, "schema.descriptor_set", "This is not a complete descriptor set.");
  return Comments(std::move(pool));
}

std::string Comments::of(const google::protobuf::FieldDescriptor& field) const {
  return comment_of(files_->FindFieldByName(field.full_name()));
}
std::string Comments::of(const google::protobuf::EnumValueDescriptor& value) const {
  return comment_of(files_->FindEnumValueByName(value.full_name()));
}
std::string Comments::of(const google::protobuf::EnumDescriptor& type) const {
  return comment_of(files_->FindEnumTypeByName(type.full_name()));
}
std::string Comments::of(const google::protobuf::Descriptor& message) const {
  return comment_of(files_->FindMessageTypeByName(message.full_name()));
}
std::string Comments::of(const google::protobuf::MethodDescriptor& method) const {
  return comment_of(files_->FindMethodByName(method.full_name()));
}
std::string Comments::of(const google::protobuf::ServiceDescriptor& service) const {
  return comment_of(files_->FindServiceByName(service.full_name()));
}

std::string Comments::of(const google::protobuf::FileDescriptor& file) const {
  const auto* found = files_->FindFileByName(file.name());
  // It stands before `syntax`.
  const std::vector<int> syntax{google::protobuf::FileDescriptorProto::kSyntaxFieldNumber};
  SourceLocation location;
  if (found == nullptr || !found->GetSourceLocation(syntax, &location)) return {};
  return text_of(location);
}

}  // namespace allauth::wire::openapi
