#include "wire/present.h"

#include <fmt/format.h>
#include <google/protobuf/field_mask.pb.h>

#include "base/text.h"

namespace allauth::wire {
namespace {

constexpr const char* kMask = "update_mask";

std::vector<std::string> all_members(const google::protobuf::Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i)->name() != kMask) names.push_back(type.field(i)->name());
  return names;
}

std::vector<std::string> filled_members(const Message& request) {
  std::vector<const google::protobuf::FieldDescriptor*> filled;
  request.GetReflection()->ListFields(request, &filled);
  std::vector<std::string> names;
  for (const auto* field : filled)
    if (field->name() != kMask) names.push_back(field->name());
  return names;
}

}  // namespace

Result<std::vector<std::string>> stated_members(const Message& request) {
  const auto& type = *request.GetDescriptor();
  const auto* field = type.FindFieldByName(kMask);
  if (field == nullptr) return all_members(type);
  const auto& mask =
      static_cast<const google::protobuf::FieldMask&>(request.GetReflection()->GetMessage(request, field));
  if (mask.paths_size() == 0) return filled_members(request);
  std::vector<std::string> names;
  for (const auto& path : mask.paths()) {
    if (path == "*") return all_members(type);
    if (path == kMask || type.FindFieldByName(path) == nullptr)
      return fail(
          Code::invalid, "mask.path",
          fmt::format("\"{}\" is no member that this changes.", is_printable_ascii(path) ? path : "?"),
          kMask);
    names.push_back(path);
  }
  return names;
}

}  // namespace allauth::wire
