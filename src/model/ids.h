// The kinds of things in the directory, and one id type for each.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/id.h"

namespace allauth {

using UserId = Id<struct UserTag>;
using DomainId = Id<struct DomainTag>;
using GroupId = Id<struct GroupTag>;
using ClientId = Id<struct ClientTag>;
using ChannelId = Id<struct ChannelTag>;
using RoleId = Id<struct RoleTag>;
using CredentialId = Id<struct CredentialTag>;
using SessionId = Id<struct SessionTag>;

// A position in the log: dense, 1 for the first write. 0 = before any write.
enum class Revision : std::uint64_t {};
constexpr std::uint64_t to_number(Revision r) { return static_cast<std::uint64_t>(r); }

// The words of the policy schema for the things of the directory.
namespace kind {
inline constexpr std::string_view user = "user";
inline constexpr std::string_view client = "client";
inline constexpr std::string_view domain = "domain";
inline constexpr std::string_view group = "group";
inline constexpr std::string_view channel = "channel";
inline constexpr std::string_view role = "role";
inline constexpr std::string_view platform = "platform";
inline constexpr std::string_view catalogue = "catalogue";
}  // namespace kind

// The one platform object, which holds what is not in a domain.
inline constexpr std::string_view kPlatformId = "main";

}  // namespace allauth
