// The plans of a schema read backwards: from a kind of subject to the places of some members that it may
// hold. Internal to the engine.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "policy/locate.h"

namespace allauth::policy {

struct ReversePlan {
  // The members that the walk may come by are numbered, from the wanted one on.
  using Number = std::uint16_t;
  static constexpr Number kWanted = 0;

  // Whoever holds a member may hold `to` of ...
  struct Lead {
    enum class Kind : std::uint8_t {
      here,     // the same object
      along,    // the objects that have an edge `label` to this one
      granted,  // the objects on which this role is granted one of the actions of `to`
    };
    Kind kind;
    bool mixed;  // what has the edge may be of another definition, so it has to be looked at
    Number to;
    Label label = {};
    const Step* gate = nullptr;  // to come through
  };
  struct Stop {
    MemberId member;
    DefinitionId definition;
    std::vector<Lead> leads;
  };
  // The subject's own edges, or those of everyone of its kind.
  struct Start {
    Lead lead;
    bool everyone;
  };

  std::vector<Stop> stops;  // by their numbers
  std::vector<Start> starts;
  std::vector<Number> itself;  // held by the subject on itself: `self`, or it is the holders of just that
  // To all that a gate on the way takes away; nullptr: nothing is.
  std::unique_ptr<const ReversePlan> against;
};

// Only what can lead from that kind of subject to the members. As long as the schema lives.
ReversePlan reverse(const CompiledSchema& schema, std::span<const MemberId> wanted,
                    const SubjectKind& subject);

}  // namespace allauth::policy
