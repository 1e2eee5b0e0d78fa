// The handlers of the native API, a function per group of methods. Each decodes, asks the gate, runs
// the use-case and encodes; there is nothing else in them.
#pragma once

#include "wire/native/backend.h"

namespace allauth::wire::native {

void add_setup(MethodTable&, const Backend&);
void add_sessions(MethodTable&, const Backend&);
void add_tokens(MethodTable&, const Backend&);
void add_users(MethodTable&, const Backend&);
void add_domains(MethodTable&, const Backend&);
void add_quotas(MethodTable&, const Backend&);
void add_members(MethodTable&, const Backend&);
void add_groups(MethodTable&, const Backend&);
void add_roles(MethodTable&, const Backend&);
void add_role_members(MethodTable&, const Backend&);
void add_clients(MethodTable&, const Backend&);
void add_channels(MethodTable&, const Backend&);
void add_connections(MethodTable&, const Backend&);
void add_bulk_connections(MethodTable&, const Backend&);
void add_nodes(MethodTable&, const Backend&);
void add_policy(MethodTable&, const Backend&);
void add_lookups(MethodTable&, const Backend&);
void add_relationships(MethodTable&, const Backend&);
void add_info(MethodTable&, const Backend&);
void add_watch(MethodTable&, const Backend&);

}  // namespace allauth::wire::native
