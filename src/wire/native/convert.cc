#include "wire/native/convert.h"

#include <algorithm>

#include "app/access/role_grants.h"
#include "wire/native/list_request.h"
#include "wire/rest/json_read.h"
#include "wire/rest/json_write.h"

namespace allauth::wire::native {
namespace {

v1::Status encode_status(Status status) {
  switch (status) {
    case Status::enabled:
      return v1::STATUS_ENABLED;
    case Status::disabled:
      return v1::STATUS_DISABLED;
    case Status::frozen:
      return v1::STATUS_FROZEN;
  }
  return v1::STATUS_UNSPECIFIED;
}

// What all connections have in common.
template <class Row, class Message>
void encode_connection(const Row& connection, Message& message) {
  message.set_channel_id(connection.channel.str());
  if (connection.publish) message.add_actions(v1::CONNECTION_ACTION_PUBLISH);
  if (connection.subscribe) message.add_actions(v1::CONNECTION_ACTION_SUBSCRIBE);
  encode_stamp(connection.stamp, message);
}

// What users, domains, clients and channels have in common.
template <class Entity, class Message>
void encode_common(const Entity& entity, Message& message) {
  message.set_id(entity.id.str());
  message.set_name(entity.name);
  message.mutable_tags()->Assign(entity.tags.begin(), entity.tags.end());
  // Our own text: it was a Struct when it came in.
  if (!read_json(entity.metadata.json, *message.mutable_metadata(), JsonLimits{})) message.clear_metadata();
  message.set_status(encode_status(entity.status));
  encode_stamp(entity.stamp, message);
}

v1::DomainRole encode_role(app::DomainRole role) {
  switch (role) {
    case app::DomainRole::owner:
      return v1::DOMAIN_ROLE_OWNER;
    case app::DomainRole::admin:
      return v1::DOMAIN_ROLE_ADMIN;
    case app::DomainRole::member:
      return v1::DOMAIN_ROLE_MEMBER;
  }
  return v1::DOMAIN_ROLE_UNSPECIFIED;
}

}  // namespace

Result<Metadata> decode_metadata(const google::protobuf::Struct& metadata) {
  std::string json;
  append_json(json, metadata);
  return parse_metadata(json);
}

Result<Tags> decode_tags(const google::protobuf::RepeatedPtrField<std::string>& tags,
                         std::string_view member) {
  return parse_tags({tags.begin(), tags.end()}, member);
}

Result<std::optional<Status>> decode_status(v1::Status status) {
  switch (status) {
    case v1::STATUS_UNSPECIFIED:
      return std::nullopt;
    case v1::STATUS_ENABLED:
      return Status::enabled;
    case v1::STATUS_DISABLED:
      return Status::disabled;
    case v1::STATUS_FROZEN:
      return Status::frozen;
    default:
      return fail(Code::invalid, "list.filter", "A status is enabled, disabled or frozen.", "status");
  }
}

Result<GroupId> decode_group(std::string_view id, std::string_view member) {
  if (id.empty()) return GroupId();
  return GroupId::parse(id, member);
}

bool is_present(const Call& call, std::string_view member) {
  return std::ranges::find(call.present, member) != call.present.end();
}

app::Rights decode_rights(const google::protobuf::RepeatedField<int>& actions) {
  app::Rights rights;
  for (const int action : actions) {
    if (action == v1::CONNECTION_ACTION_PUBLISH) rights.publish = true;
    if (action == v1::CONNECTION_ACTION_SUBSCRIBE) rights.subscribe = true;
  }
  return rights;
}

google::protobuf::Timestamp encode_time(Instant time) {
  const auto ms = to_millis(time);
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(ms / 1000);
  stamp.set_nanos(static_cast<std::int32_t>(ms % 1000) * 1'000'000);
  return stamp;
}

Instant decode_time(const google::protobuf::Timestamp& time) {
  return from_millis(time.seconds() * 1000 + time.nanos() / 1'000'000);
}

std::string encode_revision(Revision revision) { return std::to_string(to_number(revision)); }

v1::User encode(const User& user) {
  v1::User message;
  encode_common(user, message);
  message.set_email(user.email);
  message.set_username(user.username);
  return message;
}

v1::Domain encode(const Domain& domain) {
  v1::Domain message;
  encode_common(domain, message);
  message.set_route(domain.route);
  return message;
}

v1::Group encode(const app::PlacedGroup& placed) {
  const Group& group = placed.group;
  v1::Group message;
  encode_common(group, message);
  message.set_domain_id(group.domain.str());
  message.set_parent_id(group.parent.str());
  message.set_description(group.description);
  message.set_owner_id(group.owner.str());
  for (const auto& step : placed.path) {
    auto& item = *message.add_path();
    item.set_id(step.id.str());
    item.set_name(step.name);
  }
  return message;
}

v1::Role encode(const Role& role) {
  v1::Role message;
  message.set_id(role.id.str());
  message.set_scope_kind(role.scope_kind);
  message.set_scope_id(role.scope_id);
  message.set_name(role.name);
  message.set_built_in(role.system);
  const app::RoleWords words = app::words_of(role);
  message.mutable_actions()->Assign(words.allowed.begin(), words.allowed.end());
  message.mutable_denied_actions()->Assign(words.denied.begin(), words.denied.end());
  for (const auto& grant : words.elsewhere) {
    auto& item = *message.add_grants();
    item.set_kind(grant.kind);
    item.set_object_id(grant.object);
    item.set_action(grant.action);
    item.set_effect(grant.effect == Effect::deny ? v1::EFFECT_DENY : v1::EFFECT_ALLOW);
  }
  encode_stamp(role.stamp, message);
  return message;
}

v1::RoleMember encode(const RoleMember& member) {
  v1::RoleMember message;
  message.set_role_id(member.role.str());
  message.set_kind(member.subject_kind);
  message.set_id(member.subject_id);
  if (member.expires_at) *message.mutable_expires_at() = encode_time(*member.expires_at);
  encode_stamp(member.stamp, message);
  return message;
}

v1::Client encode(const Client& client) {
  v1::Client message;
  encode_common(client, message);
  message.set_domain_id(client.domain.str());
  message.set_group_id(client.group.str());
  return message;
}

v1::Channel encode(const Channel& channel) {
  v1::Channel message;
  encode_common(channel, message);
  message.set_domain_id(channel.domain.str());
  message.set_group_id(channel.group.str());
  message.set_route(channel.route);
  for (const auto& topic : channel.topics) message.add_topics(topic);
  message.set_max_qos(static_cast<std::uint32_t>(channel.max_qos.value_or(kMostQos)));
  return message;
}

v1::Connection encode(const Connection& connection) {
  v1::Connection message;
  message.set_client_id(connection.client.str());
  encode_connection(connection, message);
  return message;
}

v1::GroupConnection encode(const GroupConnection& connection) {
  v1::GroupConnection message;
  message.set_group_id(connection.group.str());
  encode_connection(connection, message);
  return message;
}

v1::Member encode(const app::Member& member) {
  v1::Member message;
  message.set_domain_id(member.domain.str());
  message.set_user_id(member.user.str());
  message.set_role(encode_role(member.role));
  encode_stamp(member.stamp, message);
  return message;
}

}  // namespace allauth::wire::native
