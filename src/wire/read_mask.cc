#include "wire/read_mask.h"

#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace allauth::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Whether a path may go on below the field: our own messages have members, those of protobuf are values.
bool has_members(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type()->well_known_type() == Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

std::unexpected<Error> bad_path(std::string_view path) {
  return fail(Code::invalid, "fields.path",
              fmt::format("\"{}\" names no member of the answer.", is_printable_ascii(path) ? path : "?"),
              "fields");
}

}  // namespace

Result<ReadMask> ReadMask::parse(std::string_view text, const Descriptor& type) {
  const auto paths = text.size() <= kMaxBytes ? split(text, ',') : std::vector<std::string_view>();
  if (paths.empty() || paths.size() > kMaxPaths)
    return fail(Code::invalid, "fields.path",
                fmt::format("Name at most {} members, in {} bytes.", kMaxPaths, kMaxBytes), "fields");
  ReadMask mask;
  for (const auto path : paths) TRY(mask.add(path, type));
  return mask;
}

Result<void> ReadMask::add(std::string_view path, const Descriptor& type) {
  const Descriptor* at = &type;
  ReadMask* mask = this;
  bool is_new = true;  // else a path before named a member on the way, which then comes whole
  for (const auto name : split(path, '.')) {
    const auto* field = at == nullptr ? nullptr : at->FindFieldByName(std::string(name));
    if (field == nullptr) return bad_path(path);
    const auto [next, inserted] = mask->members_.try_emplace(field->number());
    if (!inserted && next->second.members_.empty()) is_new = false;
    if (is_new) mask = &next->second;
    at = has_members(*field) ? field->message_type() : nullptr;
  }
  if (is_new) mask->members_.clear();
  return {};
}

bool ReadMask::wants(const FieldDescriptor& field) const {
  return members_.empty() || members_.contains(field.number());
}

const ReadMask& ReadMask::below(const FieldDescriptor& field) const {
  const auto found = members_.find(field.number());
  return found == members_.end() ? all() : found->second;
}

const ReadMask& ReadMask::all() {
  static const ReadMask mask;
  return mask;
}

void ReadMask::prune(Message& message) const {
  if (members_.empty()) return;  // all is wanted
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const auto* field : set) {
    if (!wants(*field)) {
      reflection.ClearField(&message, field);
    } else if (const ReadMask& inner = below(*field); inner.members_.empty() || !has_members(*field)) {
      continue;
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        inner.prune(*reflection.MutableRepeatedMessage(&message, field, i));
    } else {
      inner.prune(*reflection.MutableMessage(&message, field));
    }
  }
}

}  // namespace allauth::wire
