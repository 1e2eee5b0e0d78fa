#include "wire/rpc/schema_index.h"

#include <algorithm>

#include <google/protobuf/descriptor.pb.h>

namespace allauth::wire {
namespace {

using google::protobuf::FileDescriptor;

void collect(const FileDescriptor& file, std::set<const FileDescriptor*>& seen,
             std::vector<std::string>& files) {
  if (!seen.insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  files.push_back(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) collect(*file.dependency(i), seen, files);
}

}  // namespace

SchemaIndex::SchemaIndex(std::span<const google::protobuf::ServiceDescriptor* const> services) {
  std::set<std::string> names;
  for (const auto* service : services) {
    names.insert(service->full_name());
    add_file(*service->file());
  }
  services_.assign(names.begin(), names.end());
  // Only these: a file may declare services that are not served here.
  for (const auto* service : services) {
    symbols_.emplace(service->full_name(), service->file()->name());
    for (int i = 0; i < service->method_count(); ++i)
      symbols_.emplace(service->method(i)->full_name(), service->file()->name());
  }
}

void SchemaIndex::add_file(const FileDescriptor& file) {
  const auto [at, is_new] = files_.try_emplace(file.name());
  if (!is_new) return;
  std::set<const FileDescriptor*> seen;
  collect(file, seen, at->second);
  for (int i = 0; i < file.message_type_count(); ++i) add_message(*file.message_type(i), file.name());
  for (int i = 0; i < file.enum_type_count(); ++i) add_enum(*file.enum_type(i), file.name());
  for (int i = 0; i < file.extension_count(); ++i) add_extension(*file.extension(i), file.name());
  for (int i = 0; i < file.dependency_count(); ++i) add_file(*file.dependency(i));
}

void SchemaIndex::add_message(const google::protobuf::Descriptor& type, const Text& file) {
  symbols_.emplace(type.full_name(), file);
  extensions_.try_emplace(type.full_name());
  for (int i = 0; i < type.field_count(); ++i) symbols_.emplace(type.field(i)->full_name(), file);
  for (int i = 0; i < type.oneof_decl_count(); ++i) symbols_.emplace(type.oneof_decl(i)->full_name(), file);
  for (int i = 0; i < type.nested_type_count(); ++i) add_message(*type.nested_type(i), file);
  for (int i = 0; i < type.enum_type_count(); ++i) add_enum(*type.enum_type(i), file);
  for (int i = 0; i < type.extension_count(); ++i) add_extension(*type.extension(i), file);
}

void SchemaIndex::add_enum(const google::protobuf::EnumDescriptor& type, const Text& file) {
  symbols_.emplace(type.full_name(), file);
  for (int i = 0; i < type.value_count(); ++i) symbols_.emplace(type.value(i)->full_name(), file);
}

void SchemaIndex::add_extension(const google::protobuf::FieldDescriptor& field, const Text& file) {
  symbols_.emplace(field.full_name(), file);
  extensions_[field.containing_type()->full_name()].insert(field.number());
  extension_files_.emplace(std::pair(field.containing_type()->full_name(), field.number()), file);
}

const SchemaIndex::Files* SchemaIndex::find_file(std::string_view name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second;
}

const SchemaIndex::Files* SchemaIndex::find_symbol(std::string_view full_name) const {
  const auto found = symbols_.find(full_name);
  return found == symbols_.end() ? nullptr : find_file(found->second);
}

const SchemaIndex::Files* SchemaIndex::find_extension(std::string_view type, int number) const {
  const auto found = extension_files_.find(std::pair(Text(type), number));
  return found == extension_files_.end() ? nullptr : find_file(found->second);
}

const std::set<int>* SchemaIndex::find_extensions(std::string_view type) const {
  const auto found = extensions_.find(type);
  return found == extensions_.end() ? nullptr : &found->second;
}

}  // namespace allauth::wire
