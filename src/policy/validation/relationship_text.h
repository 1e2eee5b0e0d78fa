// Relationships as SpiceDB writes them: `doc:plan#viewer@group:staff#member`, with `[caveat:{"a":1}]` and
// `[expiration:2026-01-01T00:00:00Z]` behind it where there are such. `#...` behind the subject means the
// subject itself. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "policy/ref.h"

namespace allauth::policy {

struct ObjectText {
  std::string kind;  // a definition's name
  std::string id;    // 1 to 1024 of A-Z a-z 0-9 / _ | - = +, or * for everybody

  ObjectRef ref() const { return {kind, id}; }
  friend bool operator==(const ObjectText&, const ObjectText&) = default;
};

struct SubjectText {
  ObjectText object;
  std::string relation = {};  // empty: the object itself

  SubjectRef ref() const { return {object.ref(), relation}; }
  friend bool operator==(const SubjectText&, const SubjectText&) = default;
};

struct RelationshipText {
  ObjectText resource;
  std::string relation;
  SubjectText subject;
  std::string caveat = {};      // its name; empty: none
  std::string context = {};     // JSON: what the caveat is told; empty: nothing
  std::string expiration = {};  // RFC 3339, not looked into; empty: never

  Edge edge() const { return {resource.ref(), relation, subject.ref()}; }
};

// Errors: relationship.invalid.
Result<RelationshipText> parse_relationship(std::string_view text);

// `group:staff#member`, `user:ann`, `user:*`. Errors: relationship.invalid.
Result<SubjectText> parse_subject_text(std::string_view text);

}  // namespace allauth::policy
