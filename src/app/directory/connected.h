// What connections of clients and those of groups have in common.
#pragma once

#include "app/directory/channels.h"
#include "store/rows.h"

namespace allauth::app {

// Who is connected, by the type of the row.
template <class Row>
struct Connected;

template <>
struct Connected<Connection> {
  using Subject = Client;
  using Act = act::ConnectClient;
  static constexpr std::string_view field = "client_id", word = "client";
  static auto& id(auto& row) { return row.client; }
};

template <>
struct Connected<GroupConnection> {
  using Subject = Group;
  using Act = act::ConnectGroup;
  static constexpr std::string_view field = "group_id", word = "group";
  static auto& id(auto& row) { return row.group; }
};

template <class Row, class Subject>
Row make_connection(const Subject& subject, const ChannelId& channel, const DomainId& domain, Rights rights) {
  Row row{};
  Connected<Row>::id(row) = subject;
  row.channel = channel;
  row.domain = domain;
  row.publish = rights.publish;
  row.subscribe = rights.subscribe;
  return row;
}

}  // namespace allauth::app
