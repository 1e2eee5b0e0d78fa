// What a check is about, and the places that its answer may rest on. Internal to the engine.
#pragma once

#include <cstdint>

#include "policy/graph.h"

namespace allauth::policy {

// A check with all names looked up. kNoNode: an id that no edge knows.
struct Question {
  NodeId object;
  NodeId subject;
  MemberId member;
  DefinitionId subject_kind;
  NameId subject_relation;
  bool same_object;  // the subject is the object, or holders of something on it
  bool restricted;
  NodeId everyone = kNoNode;  // the node of `subject_kind:*`, if the subject is a bare object
};

// What is asked of a member of an object, for the subject of the check.
enum class Mode : std::uint8_t {
  allow,  // does something give it?
  deny,   // does a deny grant take it away?
  holds,  // allow and not deny
};

struct Place {
  NodeId node;
  MemberId member;
  Mode mode;

  std::uint64_t key() const {
    return std::uint64_t{node} << 18 | std::uint64_t{member} << 2 | static_cast<std::uint64_t>(mode);
  }
};

// A condition of a gate: the place must hold, or must not.
struct Literal {
  Place place;
  bool negated = false;
};

}  // namespace allauth::policy
