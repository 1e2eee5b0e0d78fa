// What a caller can ask the product to do, and the permission that each takes. A Permit<act::X> is
// the only way into the use-case X, and only the Gate makes one.
#pragma once

#include <string_view>

#include "model/ids.h"

namespace allauth::app {

// The platform as the object of an act.
struct Platform {
  static const std::string& str() {
    static const std::string id(kPlatformId);
    return id;
  }
};

namespace act {

template <class ObjectType>
struct On {
  using Object = ObjectType;
};

struct CreateUser : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_user_create";
};
struct ListUsers : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_user_read";
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
};

struct ManageNodes : On<Platform> {
  static constexpr std::string_view kind = kind::platform, permission = "can_administer";
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

struct CreateClient : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_client_create";
};
struct ListClients : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_client_read";
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
struct ConnectClient : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_connect";
};
struct ManageKeys : On<ClientId> {
  static constexpr std::string_view kind = kind::client, permission = "can_key";
};

struct CreateChannel : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_channel_create";
};
struct ListChannels : On<DomainId> {
  static constexpr std::string_view kind = kind::domain, permission = "can_channel_read";
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
struct ConnectChannel : On<ChannelId> {
  static constexpr std::string_view kind = kind::channel, permission = "can_connect";
};

}  // namespace act
}  // namespace allauth::app
