#include "wire/secrets.h"

#include <vector>

#include <google/protobuf/descriptor.h>

#include "allauth/v1/options.pb.h"
#include "base/secret.h"

namespace allauth::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// A time or a free-form value has no fields of ours.
bool is_well_known(const Descriptor& type) {
  return type.well_known_type() != Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

}  // namespace

void wipe_secrets(google::protobuf::Message& message) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  std::string unused;
  for (const auto* field : set) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated() &&
        field->options().GetExtension(v1::secret)) {
      // A set field's text is the message's own, never the shared default.
      auto& text = const_cast<std::string&>(reflection.GetStringReference(message, field, &unused));
      wipe_memory(text.data(), text.size());
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated()) {
      if (!is_well_known(*field->message_type())) wipe_secrets(*reflection.MutableMessage(&message, field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        wipe_secrets(*reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
}

void wipe(std::string& bytes) { wipe_memory(bytes.data(), bytes.size()); }

}  // namespace allauth::wire
