// Many clients and groups with many channels at once, all or none.
#pragma once

#include <vector>

#include "app/directory/channels.h"

namespace allauth::app {

inline constexpr std::size_t kMaxPairsAtOnce = 1000;

// The ends of as many connections as there are pairs of them. All must live in the domain.
struct Ends {
  DomainId domain;
  std::vector<Permit<act::ConnectChannel>> channels;
  std::vector<Permit<act::ConnectClient>> clients;
  std::vector<Permit<act::ConnectGroup>> groups;
};

struct Connections {
  std::vector<Connection> of_clients;
  std::vector<GroupConnection> of_groups;
};

// Each of the clients and groups to each of the channels; those that are connected already get these rights
// instead. Errors: invalid connection.actions, connections.count (none, or too many), connection.domain.
Result<store::Write<Connections>> connect_all(const Core& core, Ends ends, Rights rights);
// Each of the clients and groups from each of the channels; pairs that are not connected are passed over.
// Answers what is gone. Errors: invalid connections.count, connection.domain.
Result<store::Write<Connections>> disconnect_all(const Core& core, Ends ends);

}  // namespace allauth::app
