// What a caller can ask the product to do, and the permission that each takes. A Permit<act::X> is
// the only way into the use-case X, and only the Gate makes one.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "model/ids.h"

namespace allauth::app {

// The platform as the object of an act.
struct Platform {
  static const std::string& str() {
    static const std::string id(kPlatformId);
    return id;
  }
};

// Where clients, channels and groups lie, are made and put: a group, or a domain without any group.
class Container {
 public:
  Container(DomainId domain) : domain_(std::move(domain)) {}  // NOLINT(google-explicit-constructor)
  // An empty group stands for the domain itself.
  Container(DomainId domain, GroupId group) : domain_(std::move(domain)), group_(std::move(group)) {}

  const DomainId& domain() const { return domain_; }
  const GroupId& group() const { return group_; }
  std::string_view kind() const { return group_.empty() ? kind::domain : kind::group; }
  const std::string& str() const { return group_.empty() ? domain_.str() : group_.str(); }

 private:
  DomainId domain_;
  GroupId group_;
};

// What a role is on: the platform, a domain, a group, a client or a channel.
class RoleScope {
 public:
  RoleScope(std::string_view kind, std::string id) : kind_(kind), id_(std::move(id)) {}

  std::string_view kind() const { return kind_; }
  const std::string& str() const { return id_; }

 private:
  std::string kind_;
  std::string id_;
};

// What credential it takes.
enum class Takes {
  any,
  whole,  // one that is good for all that its owner may do, so no personal token
  login,  // an access token: what is made with it outlives the credential
};

// What whoever sees something in a list must be allowed to do.
inline constexpr std::string_view kReadPermission = "can_read";

namespace act {

// An act says its object's kind, unless the object knows it. An act that lists things says their kind: of
// those a caller is shown what the scopes of their credential cover, if it has any.
template <class ObjectType>
struct On {
  using Object = ObjectType;
};

struct CreateUser : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_user_create";
};
struct ListUsers : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_user_read";
  static constexpr std::string_view lists = kind::user;
};
struct ReadUser : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_read";
};
struct UpdateUser : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_update";
};
struct EnableUser : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_enable";
};
struct DeleteUser : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_delete";
};
struct ChangePassword : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_credentials";
  static constexpr Takes takes = Takes::login;
};
struct ManageSessions : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_credentials";
  static constexpr Takes takes = Takes::whole;
};

// Making tokens and changing them, for oneself.
struct IssueTokens : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_token";
  static constexpr Takes takes = Takes::login;
};
// Seeing which there are, and ending them.
struct ManageTokens : On<UserId> {
  static constexpr std::string_view kind = kind::user, permission = "can_credentials";
  static constexpr Takes takes = Takes::whole;
};

struct ManageNodes : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_administer";
};

struct SetQuotas : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_administer";
};
struct ReadPolicy : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_policy_read";
};
struct WriteSchema : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_schema_write";
};
struct WriteRelationships : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_policy_write";
};
struct WatchPlatform : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_audit_read";
};
struct WatchDomain : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_audit_read";
};

struct CreateDomain : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_domain_create";
};
struct ReadDomain : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_read";
};
struct UpdateDomain : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_update";
};
struct EnableDomain : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_enable";
};
struct FreezeDomain : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_freeze";
};
struct DeleteDomain : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_delete";
};
struct ReadMembers : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_member_read";
};
struct ManageMembers : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_member_manage";
};
struct ManageRoles : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_role_manage";
};

struct CreateGroup : On<Container> {
  static constexpr std::string_view permission = "can_group_create";
};
struct ListGroups : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_group_read";
  static constexpr std::string_view lists = kind::group;
};
struct ListGroupsBelow : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_group_read";
  static constexpr std::string_view lists = kind::group;
};
struct ReadGroup : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_read";
};
struct UpdateGroup : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_update";
};
struct MoveGroup : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_move";
};
// Connecting a group is connecting every client in it and below it.
struct ConnectGroup : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_client_connect";
};
struct DeleteGroup : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_delete";
};
struct ListGroupClients : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_client_read";
  static constexpr std::string_view lists = kind::client;
};
struct ListGroupChannels : On<GroupId> {
  static constexpr std::string_view kind = kind::group, permission = "can_channel_read";
  static constexpr std::string_view lists = kind::channel;
};

struct CreateClient : On<Container> {
  static constexpr std::string_view permission = "can_client_create";
};
struct ListClients : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_client_read";
  static constexpr std::string_view lists = kind::client;
};
struct ReadClient : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_read";
};
struct UpdateClient : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_update";
};
struct DeleteClient : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_delete";
};
struct MoveClient : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_move";
};
struct ConnectClient : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_connect";
};
struct ManageKeys : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_key";
};

struct CreateChannel : On<Container> {
  static constexpr std::string_view permission = "can_channel_create";
};
struct ListChannels : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_channel_read";
  static constexpr std::string_view lists = kind::channel;
};
struct ReadChannel : On<ChannelId> {
  static constexpr std::string_view kind = kind::channel, permission = "can_read";
};
struct UpdateChannel : On<ChannelId> {
  static constexpr std::string_view kind = kind::channel, permission = "can_update";
};
struct DeleteChannel : On<ChannelId> {
  static constexpr std::string_view kind = kind::channel, permission = "can_delete";
};
struct MoveChannel : On<ChannelId> {
  static constexpr std::string_view kind = kind::channel, permission = "can_move";
};
struct ConnectChannel : On<ChannelId> {
  static constexpr std::string_view kind = kind::channel, permission = "can_connect";
};

struct CreateRole : On<RoleScope> {
  static constexpr std::string_view permission = "can_role_manage";
};
struct ListRoles : On<RoleScope> {
  static constexpr std::string_view permission = "can_role_read";
  static constexpr std::string_view lists = kind::role;
};
struct ReadRole : On<RoleId> {
  static constexpr std::string_view kind = kind::role, permission = "can_read";
};
struct ManageRole : On<RoleId> {
  static constexpr std::string_view kind = kind::role, permission = "can_manage";
};

}  // namespace act
}  // namespace allauth::app
