// Erasing things with all that belongs to them and what is granted on them: what a delete of one thing and a
// forced delete of all that is in something have in common.
#pragma once

#include <span>
#include <string_view>

#include "app/access/gate.h"
#include "model/access.h"
#include "store/write.h"

namespace allauth::app {

// What to do with something that is not empty.
enum class Deletion { if_empty, forced };

// A client with its keys, connections, memberships and the roles on it.
Result<void> erase_client(store::Tx& tx, const Caller& caller, const Client& client);
// A channel with its connections and the roles on it.
Result<void> erase_channel(store::Tx& tx, const Caller& caller, const Channel& channel);
// A group with its connections, the roles on it and all groups below it. Their clients and channels stay, in
// no group. Error: conflict delete.too_large.
Result<void> erase_group(const Core& core, store::Tx& tx, const Caller& caller, const Group& group);
// All clients, channels and groups of a domain.
Result<void> erase_content(store::Tx& tx, const Caller& caller, const DomainId& domain);
// The roles on something, with their members.
Result<void> erase_roles_on(store::Tx& tx, std::string_view kind, std::string_view id);

// A forced delete does what otherwise takes rights of its own. Error: denied force.denied.
Result<void> require_force(const Core& core, const Caller& caller, policy::ObjectRef object,
                           std::span<const std::string_view> permissions);

// Whether so many things may be erased in one change. Error: conflict delete.too_large.
Result<void> require_erasable(const Core& core, std::int64_t things);

// The error of a delete that was too much all the same (roles, members and keys are not counted before),
// told in its words.
Result<void> explain_size(Result<void> erased);

}  // namespace allauth::app
