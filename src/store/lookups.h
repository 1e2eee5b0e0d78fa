// Statements that find rows by something else than their key, each served by an index:
//   TRY(auto user, select_one<User>(read, lookup::kUserByEmail, email));
#pragma once

#include "store/sql/statement.h"

namespace allauth::store::lookup {

using sql::Statement;

// Unique columns that may be empty. The second condition lets the engine use the partial index.
inline constexpr Statement kUserByEmail("user.by_email",
                                        "SELECT {columns} FROM users WHERE email = $1 AND email <> ''");
inline constexpr Statement kUserByUsername(
    "user.by_username", "SELECT {columns} FROM users WHERE username = $1 AND username <> ''");
inline constexpr Statement kDomainByRoute("domain.by_route",
                                          "SELECT {columns} FROM domains WHERE route = $1 AND route <> ''");
inline constexpr Statement kChannelByRoute(
    "channel.by_route", "SELECT {columns} FROM channels WHERE domain_id = $1 AND route = $2 AND route <> ''");
inline constexpr Statement kRoleByName(
    "role.by_name", "SELECT {columns} FROM roles WHERE scope_kind = $1 AND scope_id = $2 AND name = $3");

// What belongs to a domain, role, user … in the order of its key.
inline constexpr Statement kClientsOfDomain(
    "client.of_domain",  // after this id, at most so many
    "SELECT {columns} FROM clients WHERE domain_id = $1 AND id > $2 ORDER BY id LIMIT $3");
inline constexpr Statement kChannelsOfDomain(
    "channel.of_domain",  // after this id, at most so many
    "SELECT {columns} FROM channels WHERE domain_id = $1 AND id > $2 ORDER BY id LIMIT $3");
inline constexpr Statement kConnectionsOfClient(
    "connection.of_client", "SELECT {columns} FROM connections WHERE client_id = $1 ORDER BY channel_id");
inline constexpr Statement kConnectionsOfChannel(
    "connection.of_channel", "SELECT {columns} FROM connections WHERE channel_id = $1 ORDER BY client_id");
inline constexpr Statement kRolesOfScope(
    "role.of_scope", "SELECT {columns} FROM roles WHERE scope_kind = $1 AND scope_id = $2 ORDER BY name");
inline constexpr Statement kMembersOfRole(
    "role_member.of_role",
    "SELECT {columns} FROM role_members WHERE role_id = $1 ORDER BY subject_kind, subject_id");
inline constexpr Statement kMembershipsOfSubject(
    "role_member.of_subject",
    "SELECT {columns} FROM role_members WHERE subject_kind = $1 AND subject_id = $2 ORDER BY role_id");
inline constexpr Statement kMembersOfScope(
    "role_member.of_scope",
    "SELECT {columns} FROM role_members WHERE scope_kind = $1 AND scope_id = $2 "
    "ORDER BY subject_kind, subject_id");
inline constexpr Statement kCredentialsOfOwner(
    "credential.of_owner",
    "SELECT {columns} FROM credentials WHERE owner_kind = $1 AND owner_id = $2 ORDER BY id");
inline constexpr Statement kCredentialsByDigest("credential.by_digest",
                                                "SELECT {columns} FROM credentials WHERE digest = $1");
inline constexpr Statement kSessionsOfUser("session.of_user",
                                           "SELECT {columns} FROM sessions WHERE user_id = $1 ORDER BY id");

}  // namespace allauth::store::lookup
