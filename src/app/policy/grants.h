// What somebody's roles grant and deny them, in one list.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/access/gate.h"
#include "app/lists/list_page.h"

namespace allauth::app {

// On one object; in the order of names, roles by their ids.
struct HeldGrants {
  std::string kind;
  std::string id;
  std::vector<std::string> allowed = {};
  std::vector<std::string> denied = {};
  std::vector<std::string> roles = {};
  Stamp stamp = {};  // of no row; lists can be asked for times

  template <class Self, class Field>
  static void describe(Self& grants, Field&& field) {
    field(1, "kind", grants.kind);
    field(2, "id", grants.id);
  }
};

struct GrantsPage {
  Page<HeldGrants> page;
  Revision revision{};
};

// By kind and id, from the newest snapshot. `subject`: a user or client; nothing: the caller, who may always
// ask. Asking about others takes policy_read or role_read on the platform, about a client also role_read on
// its domain. Errors: denied question.subject, invalid policy.kind.unknown, exhausted policy.work.exceeded;
// unavailable state.stale, state.broken; those of lists.
Result<GrantsPage> list_grants(const Core& core, const Caller& caller,
                               std::optional<policy::ObjectRef> subject, const ListRequest& request);

}  // namespace allauth::app
