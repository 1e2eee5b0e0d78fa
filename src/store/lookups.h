// Statements that find rows by something else than their key. All of them are here, so that the test
// that looks at their plans cannot miss one:
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
inline constexpr Statement kGroupByName(  // parent '': at the top of the domain
    "group.by_name", "SELECT {columns} FROM groups WHERE domain_id = $1 AND parent_id = $2 AND name = $3");
inline constexpr Statement kRoleByName(
    "role.by_name", "SELECT {columns} FROM roles WHERE scope_kind = $1 AND scope_id = $2 AND name = $3");

// Domains in which somebody has a role on the domain itself, at most so many.
inline constexpr Statement kDomainsOfMember(
    "domain.of_member",
    "SELECT {columns} FROM domains WHERE id IN (SELECT scope_id FROM role_members WHERE subject_kind = $1 "
    "AND subject_id = $2 AND scope_kind = 'domain') LIMIT $3");

// One relationship of a form: of any subject, or of everybody. All other ids sort behind "*".
inline constexpr Statement kRelationshipOfForm(
    "relationship.of_form",
    "SELECT {columns} FROM relationships WHERE resource_kind = $1 AND relation = $2 AND subject_kind = $3 "
    "AND subject_relation = $4 AND subject_id > '*' LIMIT 1");
inline constexpr Statement kRelationshipToEveryone(
    "relationship.to_everyone",
    "SELECT {columns} FROM relationships WHERE resource_kind = $1 AND relation = $2 AND subject_kind = $3 "
    "AND subject_relation = $4 AND subject_id = '*' LIMIT 1");

// What dialects keep beside an entity, and of their own.
inline constexpr Statement kAnnotationsOfEntity(
    "annotation.of_entity",
    "SELECT {columns} FROM annotations WHERE entity_kind = $1 AND entity_id = $2 ORDER BY dialect");
inline constexpr Statement kExtensionByName(
    "extension.by_name",
    "SELECT {columns} FROM extensions WHERE dialect = $1 AND kind = $2 AND domain_id = $3 AND name = $4 "
    "ORDER BY id LIMIT 1");
inline constexpr Statement kExtensionByNameBelow(
    "extension.by_name_below",
    "SELECT {columns} FROM extensions WHERE dialect = $1 AND kind = $2 AND domain_id = $3 AND parent_id = $4 "
    "AND name = $5 "
    "ORDER BY id LIMIT 1");

// Pieces of what is erased together: those after this id, at most so many. What callers list is in lists.h.
inline constexpr Statement kClientsOfDomain(
    "client.of_domain",
    "SELECT {columns} FROM clients WHERE domain_id = $1 AND id > $2 ORDER BY id LIMIT $3");
inline constexpr Statement kChannelsOfDomain(
    "channel.of_domain",
    "SELECT {columns} FROM channels WHERE domain_id = $1 AND id > $2 ORDER BY id LIMIT $3");
inline constexpr Statement kExtensionsOfDomain(
    "extension.of_domain",
    "SELECT {columns} FROM extensions WHERE domain_id = $1 AND domain_id <> '' LIMIT $2");
inline constexpr Statement kGroupsOfDomain(
    "group.of_domain", "SELECT {columns} FROM groups WHERE domain_id = $1 AND id > $2 ORDER BY id LIMIT $3");
inline constexpr Statement kGroupsOfParent(
    "group.of_parent",
    "SELECT {columns} FROM groups WHERE domain_id = $1 AND parent_id = $2 AND id > $3 ORDER BY id LIMIT $4");
inline constexpr Statement kClientsOfGroup(
    "client.of_group",
    "SELECT {columns} FROM clients WHERE group_id = $1 AND group_id <> '' AND id > $2 ORDER BY id LIMIT $3");
inline constexpr Statement kChannelsOfGroup(
    "channel.of_group",
    "SELECT {columns} FROM channels WHERE group_id = $1 AND group_id <> '' AND id > $2 ORDER BY id LIMIT $3");

// All that belongs to a client, channel, role, user …
inline constexpr Statement kConnectionsOfClient(
    "connection.of_client", "SELECT {columns} FROM connections WHERE client_id = $1 ORDER BY channel_id");
inline constexpr Statement kConnectionsOfChannel(
    "connection.of_channel", "SELECT {columns} FROM connections WHERE channel_id = $1 ORDER BY client_id");
inline constexpr Statement kConnectionsOfGroup(
    "group_connection.of_group",
    "SELECT {columns} FROM group_connections WHERE group_id = $1 ORDER BY channel_id");
inline constexpr Statement kGroupConnectionsOfChannel(
    "group_connection.of_channel",
    "SELECT {columns} FROM group_connections WHERE channel_id = $1 ORDER BY group_id");
inline constexpr Statement kRolesOfScope(
    "role.of_scope", "SELECT {columns} FROM roles WHERE scope_kind = $1 AND scope_id = $2 ORDER BY name");
inline constexpr Statement kRolesGrantingOn(  // on this one thing
    "role.granting_on",
    "SELECT {columns} FROM roles WHERE id IN (SELECT role_id FROM role_grants WHERE kind = $1 AND "
    "object_id = $2 AND object_id <> '')");
inline constexpr Statement kMembersOfRole(
    "role_member.of_role",
    "SELECT {columns} FROM role_members WHERE role_id = $1 ORDER BY subject_kind, subject_id");
inline constexpr Statement kMembershipsOfSubject(
    "role_member.of_subject",
    "SELECT {columns} FROM role_members WHERE subject_kind = $1 AND subject_id = $2 ORDER BY role_id");
inline constexpr Statement kMembershipInScope(
    "role_member.in_scope",  // by a built-in role: at most one
    "SELECT {columns} FROM role_members WHERE scope_kind = $1 AND scope_id = $2 AND subject_kind = $3 "
    "AND subject_id = $4 AND EXISTS (SELECT 1 FROM roles r WHERE r.id = role_members.role_id "
    "AND r.is_system = 1)");
inline constexpr Statement kExpiredMemberships(
    "role_member.expired",
    "SELECT {columns} FROM role_members WHERE expires_at IS NOT NULL AND expires_at <= $1 "
    "ORDER BY expires_at LIMIT $2");
inline constexpr Statement kCredentialsOfOwner(
    "credential.of_owner",
    "SELECT {columns} FROM credentials WHERE owner_kind = $1 AND owner_id = $2 ORDER BY id");
inline constexpr Statement kSessionsOfUser("session.of_user",
                                           "SELECT {columns} FROM sessions WHERE user_id = $1 ORDER BY id");
inline constexpr Statement kActiveSessionsOfUser(
    "session.active", "SELECT {columns} FROM sessions WHERE user_id = $1 AND state = 1 ORDER BY id");

// At start only: there is a handful of keys.
inline constexpr Statement kSigningKeysOfIssuer(
    "signing_key.of_issuer", "SELECT {columns} FROM signing_keys WHERE issuer = $1 ORDER BY created_at DESC");

// How many.
inline constexpr Statement kCountUsersOfRole(
    "role_member.count",  // users whose membership lasts
    "SELECT count(*) FROM role_members WHERE role_id = $1 AND subject_kind = 'user' AND expires_at IS NULL");
inline constexpr Statement kCountOtherUsersOfRole(
    "role_member.count_others",  // enabled ones, whose membership lasts
    "SELECT count(*) FROM role_members m JOIN users u ON u.id = m.subject_id WHERE m.role_id = $1 "
    "AND m.subject_kind = 'user' AND m.subject_id <> $2 AND m.expires_at IS NULL AND u.status = 1");
// Counting ends at the last parameter, for each kind.
inline constexpr Statement kCountDomainsCreatedBy(
    "domain.count_created_by",
    "SELECT count(*) FROM (SELECT id FROM domains WHERE created_by = $1 LIMIT $2) AS part");
inline constexpr Statement kCountContentOfDomain(
    "domain.content",  // clients, channels, groups and connections
    "SELECT (SELECT count(*) FROM (SELECT id FROM clients WHERE domain_id = $1 LIMIT $2) AS part) + "
    "(SELECT count(*) FROM (SELECT id FROM channels WHERE domain_id = $1 LIMIT $2) AS part) + "
    "(SELECT count(*) FROM (SELECT id FROM groups WHERE domain_id = $1 LIMIT $2) AS part) + "
    "(SELECT count(*) FROM (SELECT client_id FROM connections WHERE domain_id = $1 LIMIT $2) AS part) + "
    "(SELECT count(*) FROM (SELECT group_id FROM group_connections WHERE domain_id = $1 LIMIT $2) AS part)");
inline constexpr Statement kCountContentOfGroup(
    "group.content",  // groups, clients and channels that lie in it directly
    "SELECT (SELECT count(*) FROM (SELECT id FROM groups WHERE domain_id = $1 AND parent_id = $2 "
    "LIMIT $3) AS part) + "
    "(SELECT count(*) FROM (SELECT id FROM clients WHERE group_id = $2 AND group_id <> '' LIMIT $3) "
    "AS part) + "
    "(SELECT count(*) FROM (SELECT id FROM channels WHERE group_id = $2 AND group_id <> '' LIMIT $3) "
    "AS part)");
// How many levels a group and what is below it have, itself being the first; not beyond $3.
inline constexpr Statement kLevelsBelowGroup(
    "group.levels",
    "WITH RECURSIVE below (id, level) AS (SELECT id, CAST(1 AS BIGINT) FROM groups WHERE id = $1 "
    "UNION ALL SELECT g.id, below.level + 1 FROM below JOIN groups g ON g.domain_id = $2 "
    "AND g.parent_id = below.id WHERE below.level < $3) SELECT max(level) FROM below");

}  // namespace allauth::store::lookup
