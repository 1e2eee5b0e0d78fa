// May this principal send or get messages on that topic? Answered from one snapshot.
#pragma once

#include "app/caller.h"
#include "app/core.h"
#include "app/messaging/topics.h"

namespace allauth::app {

enum class MessageAction { publish, subscribe };

struct MessageVerdict {
  Verdict verdict;
  std::string topic;  // as the broker shall see it; empty if it is the same
};

// Reasons: topic.unknown (not of our form), those of resolve(), message.denied, message.allowed, and
// of errors policy.failed, state.stale, state.broken.
MessageVerdict may_message(const Core& core, const store::Snapshot& snapshot, const Authenticated& who,
                           MessageAction action, std::string_view topic);

}  // namespace allauth::app
