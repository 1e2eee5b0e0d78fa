// What a server tells of its types: the files of its services and all that those import, and nothing else.
// Built once, then only read, which is thread-safe.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>

namespace allauth::wire {

class SchemaIndex {
 public:
  // The descriptors may be of several pools; of two files of one name the first counts.
  explicit SchemaIndex(std::span<const google::protobuf::ServiceDescriptor* const> services);

  // Full names, sorted.
  const std::vector<std::string>& services() const { return services_; }

  // A file and those that it imports, each as bytes of a google.protobuf.FileDescriptorProto.
  using Files = std::vector<std::string>;
  // Null if there is no such file, symbol, extension.
  const Files* find_file(std::string_view name) const;
  const Files* find_symbol(std::string_view full_name) const;
  const Files* find_extension(std::string_view type, int number) const;
  // The numbers of the extensions of a message type; null if there is no such type.
  const std::set<int>* find_extensions(std::string_view type) const;

 private:
  using Text = std::string;
  void add_file(const google::protobuf::FileDescriptor& file);
  void add_message(const google::protobuf::Descriptor& type, const Text& file);
  void add_enum(const google::protobuf::EnumDescriptor& type, const Text& file);
  void add_extension(const google::protobuf::FieldDescriptor& field, const Text& file);

  std::vector<Text> services_;
  std::map<Text, Files, std::less<>> files_;
  std::map<Text, Text, std::less<>> symbols_;              // to the file
  std::map<Text, std::set<int>, std::less<>> extensions_;  // of every message type
  std::map<std::pair<Text, int>, Text> extension_files_;
};

}  // namespace allauth::wire
