// How callers name things to the policy engine: text, borrowed for the time of the call.
#pragma once

#include <string_view>

namespace allauth::policy {

// As the id of a bare subject: every object of that kind, known or not.
inline constexpr std::string_view kEveryone = "*";

// "channel ch9": a definition of the schema and an id (1 to 1024 bytes, opaque to the engine).
struct ObjectRef {
  std::string_view kind;
  std::string_view id;

  friend bool operator==(const ObjectRef&, const ObjectRef&) = default;
};

// An object itself, or all who hold a relation or permission on it (role r1 # member).
struct SubjectRef {
  ObjectRef object;
  std::string_view relation = {};  // empty: the object itself

  friend bool operator==(const SubjectRef&, const SubjectRef&) = default;
};

// A relationship: channel ch9 # publisher @ client c1.
struct Edge {
  ObjectRef resource;
  std::string_view relation;
  SubjectRef subject;
};

}  // namespace allauth::policy
