#include "wire/secrets.h"

#include <set>
#include <unordered_map>
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

bool holds_secret(const FieldDescriptor& field, std::set<const Descriptor*>& seen);

// A type that is looked at already, further up, adds nothing of its own.
bool holds_secrets(const Descriptor& type, std::set<const Descriptor*>& seen) {
  if (is_well_known(type) || !seen.insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i)
    if (holds_secret(*type.field(i), seen)) return true;
  return false;
}

bool holds_secret(const FieldDescriptor& field, std::set<const Descriptor*>& seen) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return holds_secrets(*field.message_type(), seen);
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field.is_repeated() &&
         field.options().GetExtension(v1::secret);
}

using Fields = std::vector<const FieldDescriptor*>;

// The fields of a type that are secret, or hold what is.
const Fields& secret_fields(const Descriptor& type) {
  thread_local std::unordered_map<const Descriptor*, Fields> known;
  const auto [at, is_new] = known.try_emplace(&type);
  if (!is_new) return at->second;
  for (int i = 0; i < type.field_count(); ++i) {
    std::set<const Descriptor*> seen;
    if (holds_secret(*type.field(i), seen)) at->second.push_back(type.field(i));
  }
  return at->second;
}

}  // namespace

void wipe_secrets(google::protobuf::Message& message) {
  const auto& reflection = *message.GetReflection();
  std::string unused;
  for (const auto* field : secret_fields(*message.GetDescriptor())) {
    if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        wipe_secrets(*reflection.MutableRepeatedMessage(&message, field, i));
    } else if (!reflection.HasField(message, field)) {
      continue;
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      wipe_secrets(*reflection.MutableMessage(&message, field));
    } else {
      // A set field's text is the message's own, never the shared default.
      auto& text = const_cast<std::string&>(reflection.GetStringReference(message, field, &unused));
      wipe_memory(text.data(), text.size());
    }
  }
}

void wipe(std::string& bytes) { wipe_memory(bytes.data(), bytes.size()); }

}  // namespace allauth::wire
