// May they do that, and why? The questions of the API: about oneself, or about others by those who
// may see the roles of the domain that it is about.
#pragma once

#include <span>

#include "app/access/gate.h"

namespace allauth::app {

// Borrows its texts; those of the questions to an Asking must outlive it.
struct Question {
  std::optional<policy::SubjectRef> subject{};  // nothing: the caller
  std::string_view permission;                  // "publish" or "can_publish"
  policy::ObjectRef object;
  // Of the installation's own kinds, to be counted in for this question: at most policy::Graph::kMaxGuests.
  std::span<const policy::Edge> relationships{};
};

// The questions of one caller, any number of them, all answered from one state. For one thread, which they
// may keep busy for kMostTime; core and caller are borrowed.
class Asking {
 public:
  static constexpr Millis kMostTime{250};

  // On the newest state. Errors: unauthenticated gate.credential; unavailable state.stale, state.broken.
  static Result<Asking> begin(const Core& core, const Caller& caller);

  // Asking about others is also to name whoever holds something (role r1 # member), and to bring
  // relationships: the answer tells what those whom they name may.
  // Errors: invalid policy.kind.unknown, policy.permission.unknown, policy.relationship.managed, those of
  // policy::Graph::with(); denied question.subject; exhausted policy.work.exceeded, question.time.
  Result<policy::Decision> decide(const Question& question);
  Result<policy::Explanation> explain(const Question& question);
  // The same as one decide() after the other, and quicker where many are about the same subject.
  std::vector<Result<policy::Decision>> decide_all(std::span<const Question> questions);
  // Whether the caller may be told why they may not.
  bool may_see_reasons(const Question& question);
  // Whether they may see who may do what there.
  bool may_see_roles_of(const policy::ObjectRef& object) { return may_see_roles(container_of(object)); }
  bool caller_may(std::string_view permission, policy::ObjectRef object) const;
  // As the schema calls it; good until the next question.
  std::string_view name_permission(std::string_view kind, std::string_view permission);

  const store::Snapshot& snapshot() const { return *snapshot_; }
  // For what borrows from it for longer.
  std::shared_ptr<const store::Snapshot> keep_snapshot() const { return snapshot_; }

 private:
  Asking(const Core& core, const Caller& caller)
      : core_(core),
        caller_(caller),
        snapshot_(core.snapshots.view()),
        now_(core.clock.now()),
        started_(core.clock.tick()) {}
  Result<policy::CheckQuery> prepare(const Question& question);
  bool may_see_roles(policy::ObjectRef container);
  policy::ObjectRef container_of(const policy::ObjectRef& object) const;

  const Core& core_;
  const Caller& caller_;
  std::shared_ptr<const store::Snapshot> snapshot_;
  Instant now_;
  Tick started_;
  std::string permission_;  // of the question at hand, as the schema calls it
  // The last container whose roles were asked for: questions of one call are mostly about one domain.
  policy::ObjectRef seen_container_{};
  bool sees_roles_ = false;
};

struct Answer {
  bool allowed = false;
  std::string rule;                   // "channel#publisher"
  std::vector<std::string> evidence;  // "role r1", at most four
  Revision revision{};
};

// Errors of both: those of Asking.
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
