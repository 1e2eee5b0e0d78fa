// Channels, and the connections that let clients publish to and subscribe from them: each client by itself,
// or all that are in a group and below it.
#pragma once

#include "app/access/gate.h"
#include "app/directory/common.h"
#include "app/lists/list_page.h"
#include "model/entities.h"

namespace allauth::app {

struct NewChannel {
  CommonFields common;
  std::string route;  // parse_route; may be empty
  Topics topics;      // parse_topics
  std::uint8_t max_qos = kMostQos;
};

// What is absent stays as it is.
struct ChannelChanges {
  CommonChanges common;
  std::optional<std::string> route;
  std::optional<Topics> topics;
  std::optional<std::uint8_t> max_qos;
};

// Errors: conflict route.taken, invalid group.domain, those of require_own_topics().
Result<store::Write<Channel>> create_channel(const Core& core, Permit<act::CreateChannel> permit,
                                             NewChannel channel);
Result<Channel> get_channel(store::Read& read, const Permit<act::ReadChannel>& permit);
Result<Page<Channel>> list_channels(store::Read& read, const Permit<act::ListChannels>& permit,
                                    const ListRequest& request);
Result<store::Write<Channel>> update_channel(const Core& core, Permit<act::UpdateChannel> permit,
                                             ChannelChanges changes, std::optional<Revision> expected);
Result<store::Write<Channel>> set_channel_status(const Core& core, Permit<act::UpdateChannel> permit,
                                                 Status status, std::optional<Revision> expected);
// Puts it into a group of its domain, or into none. Takes the right to move it, and to make channels
// where it goes. Error: invalid group.domain.
Result<store::Write<Channel>> move_channel(const Core& core, Permit<act::MoveChannel> permit,
                                           Permit<act::CreateChannel> into, std::optional<Revision> expected);
// Erases its connections and the roles on it as well.
Result<store::Write<store::Done>> delete_channel(const Core& core, Permit<act::DeleteChannel> permit,
                                                 std::optional<Revision> expected);

struct Rights {
  bool publish = false;
  bool subscribe = false;
};

// Error: invalid connection.actions (neither right).
Result<void> check_rights(Rights rights);

// Connecting takes the right on both ends. Errors: invalid connection.actions (neither right),
// connection.domain (both ends live in different domains), conflict connection.exists.
Result<store::Write<Connection>> connect(const Core& core, Permit<act::ConnectChannel> channel,
                                         Permit<act::ConnectClient> client, Rights rights);
Result<store::Write<GroupConnection>> connect(const Core& core, Permit<act::ConnectChannel> channel,
                                              Permit<act::ConnectGroup> group, Rights rights);
Result<store::Write<Connection>> change_connection(const Core& core, Permit<act::ConnectChannel> channel,
                                                   ClientId client, Rights rights,
                                                   std::optional<Revision> expected);
Result<store::Write<GroupConnection>> change_connection(const Core& core, Permit<act::ConnectChannel> channel,
                                                        GroupId group, Rights rights,
                                                        std::optional<Revision> expected);
Result<store::Write<store::Done>> disconnect(const Core& core, Permit<act::ConnectChannel> channel,
                                             ClientId client, std::optional<Revision> expected);
Result<store::Write<store::Done>> disconnect(const Core& core, Permit<act::ConnectChannel> channel,
                                             GroupId group, std::optional<Revision> expected);
Result<Page<Connection>> list_connections(store::Read& read, const Permit<act::ReadChannel>& permit,
                                          const ListRequest& request);
Result<Page<GroupConnection>> list_groups_of_channel(store::Read& read,
                                                     const Permit<act::ReadChannel>& permit,
                                                     const ListRequest& request);
Result<Page<Connection>> list_connections_of_client(store::Read& read, const Permit<act::ReadClient>& permit,
                                                    const ListRequest& request);
Result<Page<GroupConnection>> list_connections_of_group(store::Read& read,
                                                        const Permit<act::ReadGroup>& permit,
                                                        const ListRequest& request);

}  // namespace allauth::app
