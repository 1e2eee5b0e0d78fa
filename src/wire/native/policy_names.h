// What requests about the policy name: kinds, ids, permissions, relations and subjects. All its methods read
// them here. Whether the schema has them is asked later; they come back in that error, so they are bounded
// first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "allauth/v1/common.pb.h"
#include "app/policy/relationship_rules.h"

namespace allauth::wire::native {

// What is decoded borrows from the texts that it was decoded from. Errors, all invalid, with the field:
// policy.name.invalid, policy.id.invalid, question.subject_kind, question.subject_relation.

Result<std::string_view> decode_kind(const std::string& kind, std::string_view field);
// Of a permission or relation.
Result<std::string_view> decode_name(const std::string& name, std::string_view field);
// Of a thing of that kind: what is of an own kind, or an entry of a catalogue, may have a longer id.
Result<std::string_view> decode_id(std::string_view kind, const std::string& id, std::string_view field);

// The field is that of the whole; that of an error is "field.kind" or "field.id".
Result<policy::ObjectRef> decode_object(const v1::Ref& object, const std::string& field);
// Who asks, or is asked about: a user or a client, a thing of an own kind, or all that hold a relation to
// something.
Result<policy::SubjectRef> decode_subject(const v1::Ref& subject, const std::string& relation);

// The members subject and subject_relation; nothing stands for the caller.
template <class Request>
Result<std::optional<policy::SubjectRef>> decode_asker(const Request& request) {
  if (request.has_subject()) return decode_subject(request.subject(), request.subject_relation());
  if (request.subject_relation().empty()) return std::nullopt;
  return fail(Code::invalid, "question.subject_relation", "A relation needs a subject.", "subject_relation");
}

}  // namespace allauth::wire::native
