// May they do that, and why? The questions of the API: about oneself, or about others by those who
// may see the roles of the domain that it is about.
#pragma once

#include "app/access/gate.h"

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

// Errors of both: policy.kind.unknown, policy.permission.unknown, denied question.subject, unavailable
// state.stale, state.broken.
Result<Answer> check(const Core& core, const Caller& caller, const Question& question);
// The answer in one sentence, and how it was found, in order. Whoever asks about themselves and may
// not see the object learns no more than the answer, the same for objects that do not exist.
struct Explained {
  bool allowed = false;
  std::string text;
  std::vector<std::string> steps;
};
Result<Explained> explain(const Core& core, const Caller& caller, const Question& question);

}  // namespace allauth::app
