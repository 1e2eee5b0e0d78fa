// The plans of a schema read backwards: from a kind of subject to the places of one member that it may hold.
// Internal to the look-ups.
#pragma once

#include <unordered_map>
#include <vector>

#include "policy/locate.h"

namespace allauth::policy {

struct ReversePlan {
  // Whoever holds a member may hold `member` of ...
  struct Lead {
    enum class Kind : std::uint8_t {
      here,     // the same object
      along,    // the objects that have an edge `label` to this one
      granted,  // the objects on which this role is granted `action`
    };
    Kind kind;
    MemberId member;
    bool gate = false;  // only perhaps
    Label label = {};
    NameId action = kItself;
  };
  // The subject's own edges, or those of everyone of its kind.
  struct Start {
    Label label;
    MemberId member;
    bool everyone;
  };

  std::vector<Start> starts;
  std::vector<MemberId> itself;  // held by the subject on itself: `self`, or it is the holders of just that
  std::unordered_map<MemberId, std::vector<Lead>> leads;
};

// Only what can lead from that kind of subject to the member.
ReversePlan reverse(const CompiledSchema& schema, MemberId wanted, const SubjectKind& subject);

}  // namespace allauth::policy
