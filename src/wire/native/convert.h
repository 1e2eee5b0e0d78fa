// Between the messages of the API and the values of the directory.
#pragma once

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "allauth/v1/channels.pb.h"
#include "allauth/v1/clients.pb.h"
#include "allauth/v1/common.pb.h"
#include "allauth/v1/domains.pb.h"
#include "allauth/v1/groups.pb.h"
#include "allauth/v1/roles.pb.h"
#include "allauth/v1/users.pb.h"
#include "app/directory/channels.h"
#include "app/directory/common.h"
#include "app/directory/members.h"
#include "app/directory/place.h"
#include "model/access.h"
#include "wire/method.h"

namespace allauth::wire::native {

// The document is never larger than parse_metadata() allows, so it always fits its type again.
Result<Metadata> decode_metadata(const google::protobuf::Struct& metadata);
Result<Tags> decode_tags(const google::protobuf::RepeatedPtrField<std::string>& tags,
                         std::string_view member = "tags");

// True if the body of a PATCH named this member.
bool is_present(const Call& call, std::string_view member);

// parse(text, member) if the member is present, else nothing.
template <class T, class Text, class Parse>
Result<std::optional<T>> decode_present(const Call& call, std::string_view member, const Text& text,
                                        Parse parse) {
  if (!is_present(call, member)) return std::nullopt;
  TRY(T value, parse(text, member));
  return std::optional<T>(std::move(value));
}

// The members name, tags and metadata, which most requests have.
template <class Request>
Result<app::CommonFields> decode_common(const Request& request) {
  app::CommonFields fields;
  TRY(fields.name, parse_name(request.name()));
  TRY(fields.tags, decode_tags(request.tags()));
  TRY(fields.metadata, decode_metadata(request.metadata()));
  return fields;
}

// Those of them that the body of a PATCH named.
template <class Request>
Result<app::CommonChanges> decode_common_changes(const Call& call, const Request& request) {
  app::CommonChanges changes;
  TRY(changes.name, decode_present<std::string>(call, "name", request.name(), parse_name));
  TRY(changes.tags,
      decode_present<Tags>(call, "tags", request.tags(), [](auto& tags, auto) { return decode_tags(tags); }));
  TRY(changes.metadata,
      decode_present<Metadata>(call, "metadata", request.metadata(),
                               [](auto& metadata, auto) { return decode_metadata(metadata); }));
  return changes;
}

// The items of a list, each decoded by decode(item) -> Result<T>; the field of an error begins with the
// place of the one at fault.
template <class T, class Items, class Decode>
Result<std::vector<T>> decode_items(std::string_view list, const Items& items, Decode decode) {
  std::vector<T> decoded;
  for (const auto& item : items) {
    TRY(auto one, app::in_item(list, decoded.size(), Result<T>(decode(item))));
    decoded.push_back(std::move(one));
  }
  return decoded;
}

// An empty text stays empty: routes and user names may be taken away.
template <class Parse>
Result<std::string> parse_or_empty(std::string_view text, std::string_view member, Parse parse) {
  if (text.empty()) return std::string();
  return parse(text, member);
}

// Of a client, channel or group; an empty id stands for none.
Result<GroupId> decode_group(std::string_view id, std::string_view member);

app::Rights decode_rights(const google::protobuf::RepeatedField<int>& actions);

google::protobuf::Timestamp encode_time(Instant time);
Instant decode_time(const google::protobuf::Timestamp& time);
std::string encode_revision(Revision revision);

// Who and when.
template <class Message>
void encode_stamp(const Stamp& stamp, Message& message) {
  *message.mutable_created_at() = encode_time(stamp.created_at);
  message.set_created_by(stamp.created_by);
  *message.mutable_updated_at() = encode_time(stamp.updated_at);
  message.set_updated_by(stamp.updated_by);
  message.set_revision(encode_revision(stamp.revision));
}

v1::User encode(const User& user);
v1::Domain encode(const Domain& domain);
v1::Group encode(const app::PlacedGroup& placed);
v1::Role encode(const Role& role);
v1::RoleMember encode(const RoleMember& member);
v1::Client encode(const Client& client);
v1::Channel encode(const Channel& channel);
v1::Connection encode(const Connection& connection);
v1::GroupConnection encode(const GroupConnection& connection);
v1::Member encode(const app::Member& member);

}  // namespace allauth::wire::native
