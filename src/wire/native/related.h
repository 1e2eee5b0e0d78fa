// Relationships between messages and values.
#pragma once

#include "allauth/v1/common.pb.h"
#include "model/relationship.h"

namespace allauth::wire::native {

inline Relationship decode_relationship(const v1::Relationship& message) {
  return {.resource_kind = message.resource().kind(),
          .resource_id = message.resource().id(),
          .relation = message.relation(),
          .subject_kind = message.subject().kind(),
          .subject_id = message.subject().id(),
          .subject_relation = message.subject_relation()};
}

inline v1::Relationship encode(const Relationship& row) {
  v1::Relationship message;
  message.mutable_resource()->set_kind(row.resource_kind);
  message.mutable_resource()->set_id(row.resource_id);
  message.set_relation(row.relation);
  message.mutable_subject()->set_kind(row.subject_kind);
  message.mutable_subject()->set_id(row.subject_id);
  message.set_subject_relation(row.subject_relation);
  return message;
}

}  // namespace allauth::wire::native
