// The gate before every use-case: checks the caller against the policy and gives out a Permit, which
// carries who, on what, and the Decision. A use-case takes its object from the permit, so a check that
// was forgotten or made for something else does not compile.
#pragma once

#include <memory>
#include <utility>

#include "app/access/acts.h"
#include "app/caller.h"
#include "app/core.h"
#include "base/verdict.h"
#include "policy/decision.h"
#include "store/write.h"

namespace allauth::app {

// Whether a principal's credential is still good at this snapshot: denied once the user, client, its
// domain, key, token or login is gone, disabled, revoked or expired, or the token's scopes are others than
// they were when it was shown; an error when the snapshot must not be answered from.
Verdict still_valid(const store::Snapshot& snapshot, const Authenticated& who, Instant now);

// Of the caller's credential. Errors: denied credential.session_needed.
Result<void> require_takes(const Caller& caller, Takes takes);

template <class Act>
class Permit {
 public:
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&&) noexcept = default;
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  const Caller& caller() const { return caller_; }
  const typename Act::Object& object() const { return object_; }
  const policy::Decision& decision() const { return decision_; }

 private:
  friend class Gate;
  Permit(Caller caller, typename Act::Object object, policy::Decision decision)
      : caller_(std::move(caller)), object_(std::move(object)), decision_(decision) {}
  Caller caller_;
  typename Act::Object object_;
  policy::Decision decision_;
};

class Gate {
 public:
  explicit Gate(const Core& core) : core_(core) {}

  // Errors: denied gate.closed, when just the domain's status stands against it; denied gate.denied, when the
  // caller may at least read the object; else not_found
  // object.missing, the same as for an object that does not exist; unauthenticated gate.credential. Of a
  // credential that goes less far than its owner: denied credential.scope, whether there is such an object or
  // not, and credential.session_needed.
  template <class Act>
  Result<Permit<Act>> require(const Caller& caller, typename Act::Object object) const {
    TRY(const auto decision, decide(caller, asked_by<Act>(object)));
    return Permit<Act>(caller, std::move(object), decision);
  }

  // The same question again, on the newest snapshot: for the moment just before a write runs.
  template <class Act>
  Result<void> confirm(const Permit<Act>& permit) const {
    TRY(decide(permit.caller(), asked_by<Act>(permit.object())));
    return {};
  }

  // True if the caller may. For what is shown, never for what is done.
  bool allows(const Caller& caller, std::string_view permission, policy::ObjectRef object) const;

 private:
  struct Asked {
    std::string_view permission;
    policy::ObjectRef object;
    std::string_view lists = {};  // the kind of what is listed
    Takes takes = Takes::any;
  };
  template <class Act>
  static Asked asked_by(const typename Act::Object& object) {
    Asked asked{.permission = Act::permission, .object = {{}, object.str()}};
    if constexpr (requires { Act::kind; })
      asked.object.kind = Act::kind;
    else
      asked.object.kind = object.kind();
    if constexpr (requires { Act::lists; }) asked.lists = Act::lists;
    if constexpr (requires { Act::takes; }) asked.takes = Act::takes;
    return asked;
  }
  Result<policy::Decision> decide(const Caller&, const Asked&) const;

  const Core& core_;
};

// A write that the permit stands for: it is confirmed just before `run(tx, permit)` runs.
template <class T, class Act, class Run>
store::Write<T> guarded(const Core& core, Permit<Act> permit, Run run) {
  auto held = std::make_shared<Permit<Act>>(std::move(permit));
  return {.recheck = [&core, held]() { return Gate(core).confirm(*held); },
          .run = [held, run = std::move(run)](store::Tx& tx) -> Result<T> { return run(tx, *held); }};
}

}  // namespace allauth::app
