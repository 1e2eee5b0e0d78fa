// That no topic of a domain belongs to two of its channels.
#pragma once

#include "app/caller.h"
#include "app/core.h"
#include "model/entities.h"
#include "store/read.h"

namespace allauth::app {

// Topics of others that one is compared with, at most.
inline constexpr std::size_t kMaxComparedTopics = 4096;

// No other channel of the domain has a topic that is one of this one's, too. Read under the writer's lock.
// Errors: conflict topic.taken, which names the other only to who may see its channel; conflict
// topic.too_broad (it would have to be compared with more than kMaxComparedTopics).
Result<void> require_own_topics(const Core& core, store::Read& read, const Caller& caller,
                                const Channel& channel);

}  // namespace allauth::app
