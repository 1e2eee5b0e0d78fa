// The things of the directory, as they are stored. Text in them has passed model/values.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/describe.h"
#include "model/ids.h"
#include "model/quotas.h"
#include "model/topics.h"
#include "model/values.h"

namespace allauth {

// Only a domain is ever frozen: then those who administer the platform may act in it, and nobody else.
enum class Status : std::uint8_t { enabled = 1, disabled = 2, frozen = 3 };

// Who and when, and the revision of the last change, which is the entity's ETag.
struct Stamp {
  Instant created_at{};
  std::string created_by;
  Instant updated_at{};
  std::string updated_by;
  Revision revision{};

  template <class Self, class Field>
  static void describe(Self& stamp, Field&& field) {
    field(11, "created_at", stamp.created_at);
    field(12, "created_by", stamp.created_by);
    field(13, "updated_at", stamp.updated_at);
    field(14, "updated_by", stamp.updated_by);
    field(15, "revision", stamp.revision);
  }
};

// A person with a login.
struct User {
  static constexpr std::string_view kTable = "users";
  static constexpr ImageKind kKind = ImageKind::user;
  static constexpr int kKeys = 1;

  UserId id;
  std::string email;     // unique; may be empty for imported users
  std::string username;  // unique; may be empty
  std::string name;
  Tags tags;
  Metadata metadata;
  Status status = Status::enabled;
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& user, Field&& field) {
    field(1, "id", user.id);
    field(2, "email", user.email);
    field(3, "username", user.username);
    field(4, "name", user.name);
    field(5, "tags", user.tags);
    field(6, "metadata", user.metadata);
    field(7, "status", user.status);
    Stamp::describe(user.stamp, field);
  }
};

// A tenant: everything but users and platform settings lives in one.
struct Domain {
  static constexpr std::string_view kTable = "domains";
  static constexpr ImageKind kKind = ImageKind::domain;
  static constexpr int kKeys = 1;

  DomainId id;
  std::string name;
  std::string route;  // unique; may be empty
  Tags tags;
  Metadata metadata;
  Status status = Status::enabled;
  Stamp stamp;
  Quotas quotas;

  template <class Self, class Field>
  static void describe(Self& domain, Field&& field) {
    field(1, "id", domain.id);
    field(2, "name", domain.name);
    field(3, "route", domain.route);
    field(5, "tags", domain.tags);
    field(6, "metadata", domain.metadata);
    field(7, "status", domain.status);
    Stamp::describe(domain.stamp, field);
    Quotas::describe(domain.quotas, field);
  }
};

// A folder of clients, channels and further groups of its domain.
struct Group {
  static constexpr std::string_view kTable = "groups";
  static constexpr ImageKind kKind = ImageKind::group;
  static constexpr int kKeys = 1;

  GroupId id;
  DomainId domain;
  std::string name;  // unique beside its siblings
  GroupId parent;    // empty: at the top of its domain
  Tags tags;
  Metadata metadata;
  Status status = Status::enabled;
  std::string description;  // parse_description; may be empty
  UserId owner;             // whom to ask about it; may be empty. Grants nothing.
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& group, Field&& field) {
    field(1, "id", group.id);
    field(2, "domain_id", group.domain);
    field(3, "name", group.name);
    field(4, "parent_id", group.parent);
    field(5, "tags", group.tags);
    field(6, "metadata", group.metadata);
    field(7, "status", group.status);
    field(8, "description", group.description);
    field(9, "owner_id", group.owner);
    Stamp::describe(group.stamp, field);
  }
};

// What connects: a device, service or app with its own credentials.
struct Client {
  static constexpr std::string_view kTable = "clients";
  static constexpr ImageKind kKind = ImageKind::client;
  static constexpr int kKeys = 1;

  ClientId id;
  DomainId domain;
  std::string name;
  Tags tags;
  Metadata metadata;
  Status status = Status::enabled;
  GroupId group;  // of its domain; may be empty
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& client, Field&& field) {
    field(1, "id", client.id);
    field(2, "domain_id", client.domain);
    field(3, "name", client.name);
    field(5, "tags", client.tags);
    field(6, "metadata", client.metadata);
    field(7, "status", client.status);
    field(8, "group_id", client.group);
    Stamp::describe(client.stamp, field);
  }
};

// What messages are published to and subscribed from.
struct Channel {
  static constexpr std::string_view kTable = "channels";
  static constexpr ImageKind kKind = ImageKind::channel;
  static constexpr int kKeys = 1;

  ChannelId id;
  DomainId domain;
  std::string name;
  std::string route;  // unique in its domain; may be empty
  Tags tags;
  Metadata metadata;
  Status status = Status::enabled;
  GroupId group;                        // of its domain; may be empty
  Topics topics;                        // those of its own, which no other channel of its domain has
  std::optional<std::int64_t> max_qos;  // of MQTT, for messages in it: 0 or 1; nothing: as asked for
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& channel, Field&& field) {
    field(1, "id", channel.id);
    field(2, "domain_id", channel.domain);
    field(3, "name", channel.name);
    field(4, "route", channel.route);
    field(5, "tags", channel.tags);
    field(6, "metadata", channel.metadata);
    field(7, "status", channel.status);
    field(8, "group_id", channel.group);
    field(9, "topics", channel.topics);
    field(10, "max_qos", channel.max_qos);
    Stamp::describe(channel.stamp, field);
  }
};

// That a client may publish to or subscribe from a channel of its domain.
struct Connection {
  static constexpr std::string_view kTable = "connections";
  static constexpr ImageKind kKind = ImageKind::connection;
  static constexpr int kKeys = 2;

  ClientId client;
  ChannelId channel;
  DomainId domain;
  bool publish = false;
  bool subscribe = false;
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& connection, Field&& field) {
    field(1, "client_id", connection.client);
    field(2, "channel_id", connection.channel);
    field(3, "domain_id", connection.domain);
    field(4, "publish", connection.publish);
    field(5, "subscribe", connection.subscribe);
    Stamp::describe(connection.stamp, field);
  }
};

// The same for all clients in a group and below it, as far as enabled groups lead there.
struct GroupConnection {
  static constexpr std::string_view kTable = "group_connections";
  static constexpr ImageKind kKind = ImageKind::group_connection;
  static constexpr int kKeys = 2;

  GroupId group;
  ChannelId channel;
  DomainId domain;
  bool publish = false;
  bool subscribe = false;
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& connection, Field&& field) {
    field(1, "group_id", connection.group);
    field(2, "channel_id", connection.channel);
    field(3, "domain_id", connection.domain);
    field(4, "publish", connection.publish);
    field(5, "subscribe", connection.subscribe);
    Stamp::describe(connection.stamp, field);
  }
};

}  // namespace allauth
