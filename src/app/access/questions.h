// May they do that, and why? The questions of the API: about oneself, or about others by those who
// may see the roles of the domain that it is about.
#pragma once

#include "app/access/gate.h"
#include "policy/explain.h"

namespace allauth::app {

struct Question {
  std::optional<Principal> subject;  // nothing: the caller
  std::string permission;            // "publish" or "can_publish"
  std::string object_kind, object_id;
};

struct Answer {
  bool allowed = false;
  std::string rule;                   // "channel#publisher"
  std::vector<std::string> evidence;  // "role r1", at most four
  Revision revision{};
};

// Errors: policy.kind.unknown, policy.permission.unknown, denied question.subject.
Result<Answer> check(const Core& core, const Caller& caller, const Question& question);
Result<policy::Explanation> explain(const Core& core, const Caller& caller, const Question& question);

}  // namespace allauth::app
