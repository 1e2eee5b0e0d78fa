#include "wire/native/policy_names.h"

#include "model/relationship.h"

namespace allauth::wire::native {

Result<std::string_view> decode_kind(const std::string& kind, std::string_view field) {
  if (is_id(kind) || app::can_be_kind(kind)) return kind;
  return fail(Code::invalid, "policy.name.invalid", "Give a kind, as the schema names it.",
              std::string(field));
}

Result<std::string_view> decode_name(const std::string& name, std::string_view field) {
  if (is_id(name)) return name;
  return fail(Code::invalid, "policy.name.invalid", "Give a permission or relation, of 1 to 64 characters.",
              std::string(field));
}

Result<std::string_view> decode_id(std::string_view kind, const std::string& id, std::string_view field) {
  const bool entry = kind == kind::catalogue && !id.empty() && id.size() <= policy::kMaxObjectId;
  if (entry || (is_own_kind(kind) ? is_related_id(id) : is_id(id))) return id;
  return fail(Code::invalid, "policy.id.invalid", "Give the id of a thing of that kind.", std::string(field));
}

Result<policy::ObjectRef> decode_object(const v1::Ref& object, const std::string& field) {
  TRY(const auto kind, decode_kind(object.kind(), field + ".kind"));
  TRY(const auto id, decode_id(kind, object.id(), field + ".id"));
  return policy::ObjectRef{kind, id};
}

Result<policy::SubjectRef> decode_subject(const v1::Ref& subject, const std::string& relation) {
  TRY(const auto object, decode_object(subject, "subject"));
  const bool alone = object.kind == kind::user || object.kind == kind::client || is_own_kind(object.kind);
  if (relation.empty() && !alone)
    return fail(Code::invalid, "question.subject_kind",
                "A subject is a user or a client, of one of your own kinds, or whoever holds a relation to "
                "something.",
                "subject.kind");
  if (!relation.empty()) TRY(decode_name(relation, "subject_relation"));
  return policy::SubjectRef{object, relation};
}

}  // namespace allauth::wire::native
