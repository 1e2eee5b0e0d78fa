// Which lists there are. An order that is added here takes an index in a migration.
#include "model/extension.h"
#include "model/relationship.h"
#include "store/lists.h"

namespace allauth::store {
namespace {

using Columns = std::vector<List::Column>;

const Columns& by_name_and_time() {
  static const Columns columns{{"name"}, {"created_at"}, {"updated_at"}};
  return columns;
}

template <class T>
List list_of(List::Rule rule) {
  return List(shape_of<T>(), std::move(rule));
}

}  // namespace

namespace list {

const List& users() {
  static const List list =
      list_of<User>({.name = "user.list",
                     .where = {},
                     .key_word = "id",
                     .key = {{"id"}},
                     .columns = {{"name"}, {"email"}, {"username"}, {"created_at"}, {"updated_at"}}});
  return list;
}

const List& domains() {
  static const List list = list_of<Domain>(
      {.name = "domain.list", .where = {}, .key_word = "id", .key = {{"id"}}, .columns = by_name_and_time()});
  return list;
}

const List& clients_of_domain() {
  static const List list = list_of<Client>({.name = "client.list",
                                            .where = "domain_id = $1",
                                            .key_word = "id",
                                            .key = {{"id"}},
                                            .columns = by_name_and_time()});
  return list;
}

const List& clients_of_group() {
  static const List list = list_of<Client>({.name = "client.list_of_group",
                                            .where = "group_id = $1 AND group_id <> ''",
                                            .key_word = "id",
                                            .key = {{"id"}},
                                            .columns = {{"name"}}});
  return list;
}

const List& channels_of_domain() {
  static const List list = list_of<Channel>({.name = "channel.list",
                                             .where = "domain_id = $1",
                                             .key_word = "id",
                                             .key = {{"id"}},
                                             .columns = by_name_and_time()});
  return list;
}

const List& channels_of_group() {
  static const List list = list_of<Channel>({.name = "channel.list_of_group",
                                             .where = "group_id = $1 AND group_id <> ''",
                                             .key_word = "id",
                                             .key = {{"id"}},
                                             .columns = {{"name"}}});
  return list;
}

const List& groups_of_domain() {
  static const List list = list_of<Group>({.name = "group.list",
                                           .where = "domain_id = $1",
                                           .key_word = "id",
                                           .key = {{"id"}},
                                           .columns = by_name_and_time()});
  return list;
}

const List& groups_of_parent() {
  static const List list = list_of<Group>({.name = "group.list_of_parent",
                                           .where = "domain_id = $1 AND parent_id = $2",
                                           .key_word = "id",
                                           .key = {{"id"}},
                                           .columns = {{"name", true}}});
  return list;
}

const List& connections_of_channel() {
  static const List list = list_of<Connection>({.name = "connection.list_of_channel",
                                                .where = "channel_id = $1",
                                                .key_word = "client_id",
                                                .key = {{"client_id"}},
                                                .columns = {}});
  return list;
}

const List& connections_of_client() {
  static const List list = list_of<Connection>({.name = "connection.list_of_client",
                                                .where = "client_id = $1",
                                                .key_word = "channel_id",
                                                .key = {{"channel_id"}},
                                                .columns = {}});
  return list;
}

const List& groups_of_channel() {
  static const List list = list_of<GroupConnection>({.name = "group_connection.list_of_channel",
                                                     .where = "channel_id = $1",
                                                     .key_word = "group_id",
                                                     .key = {{"group_id"}},
                                                     .columns = {}});
  return list;
}

const List& connections_of_group() {
  static const List list = list_of<GroupConnection>({.name = "group_connection.list_of_group",
                                                     .where = "group_id = $1",
                                                     .key_word = "channel_id",
                                                     .key = {{"channel_id"}},
                                                     .columns = {}});
  return list;
}

// Each user has at most one built-in role in a scope.
const List& members_of_domain() {
  static const List list =
      list_of<RoleMember>({.name = "role_member.list_of_domain",
                           .where = "scope_kind = 'domain' AND scope_id = $1 AND subject_kind = 'user' AND "
                                    "EXISTS (SELECT 1 FROM roles r WHERE r.id = role_members.role_id AND "
                                    "r.is_system = 1)",
                           .key_word = "user_id",
                           .key = {{"subject_id"}},
                           .columns = {}});
  return list;
}

const List& roles_of_scope() {
  static const List list = list_of<Role>({.name = "role.list",
                                          .where = {},
                                          .key_word = "id",
                                          .key = {{"id"}},
                                          .columns = by_name_and_time(),
                                          .few = true});
  return list;
}

const List& members_of_role() {
  static const List list = list_of<RoleMember>({.name = "role_member.list",
                                                .where = "role_id = $1",
                                                .key_word = "id",
                                                .key = {{"subject_kind"}, {"subject_id"}},
                                                .columns = {}});
  return list;
}

const List& roles_of_subject() {
  static const List list = list_of<RoleMember>({.name = "role_member.list_of_subject",
                                                .where = "subject_kind = $1 AND subject_id = $2",
                                                .key_word = "role_id",
                                                .key = {{"role_id"}},
                                                .columns = {}});
  return list;
}

const List& domains_of_user() {
  static const List list = list_of<RoleMember>(
      {.name = "role_member.list_of_domains",
       .where = "subject_kind = 'user' AND subject_id = $1 AND scope_kind = 'domain' AND EXISTS "
                "(SELECT 1 FROM roles r WHERE r.id = role_members.role_id AND r.is_system = 1)",
       .key_word = "domain_id",
       .key = {{"scope_id"}},
       .columns = {}});
  return list;
}

const List& keys_of_client() {
  static const List list = list_of<Credential>({.name = "credential.list",
                                                .where = {},
                                                .key_word = "key_id",
                                                .key = {{"id"}},
                                                .columns = {{"created_at"}},
                                                .few = true});
  return list;
}

const List& tokens_of_user() {
  static const List list = list_of<Credential>({.name = "credential.list_of_user",
                                                .where = {},
                                                .key_word = "id",
                                                .key = {{"id"}},
                                                .columns = by_name_and_time(),
                                                .few = true});
  return list;
}

const List& live_sessions_of_user() {
  static const List list = list_of<Session>({.name = "session.list",
                                             .where = "user_id = $1 AND state = 1 AND expires_at > $2",
                                             .key_word = "session_id",
                                             .key = {{"id"}},
                                             .columns = {},
                                             .descending = true});
  return list;
}

const List& nodes() {
  static const List list = list_of<Credential>({.name = "credential.list_of_nodes",
                                                .where = "owner_kind = 'node'",
                                                .key_word = "name",
                                                .key = {{"owner_id"}},
                                                .columns = {}});
  return list;
}

const List& relationships_of_kind() {
  static const List list = list_of<Relationship>(
      {.name = "relationship.list",
       .where = "resource_kind = $1",
       .key_word = "resource",
       .key = {{"resource_id"}, {"relation"}, {"subject_kind"}, {"subject_id"}, {"subject_relation"}},
       .columns = {}});
  return list;
}

const List& relationships_of_object() {
  static const List list =
      list_of<Relationship>({.name = "relationship.list_of_object",
                             .where = "resource_kind = $1 AND resource_id = $2",
                             .key_word = "resource",
                             .key = {{"relation"}, {"subject_kind"}, {"subject_id"}, {"subject_relation"}},
                             .columns = {}});
  return list;
}

const List& relationships_of_subject() {
  static const List list =
      list_of<Relationship>({.name = "relationship.list_of_subject",
                             .where = "subject_kind = $1 AND subject_id = $2 AND resource_kind = $3",
                             .key_word = "resource",
                             .key = {{"resource_id"}, {"relation"}, {"subject_relation"}},
                             .columns = {}});
  return list;
}

const List& relationships_at_hand() {
  static const List list = list_of<Relationship>(
      {.name = "relationship.list_at_hand",
       .where = {},
       .key_word = "resource",
       .key = {{"resource_id"}, {"relation"}, {"subject_kind"}, {"subject_id"}, {"subject_relation"}},
       .columns = {},
       .few = true});
  return list;
}

const List& extensions_of_domain() {
  static const List list = list_of<Extension>({.name = "extension.list",
                                               .where = "dialect = $1 AND kind = $2 AND domain_id = $3",
                                               .key_word = "id",
                                               .key = {{"id"}},
                                               .columns = {{"name"}, {"created_at"}}});
  return list;
}

const List& extensions_of_parent() {
  static const List list =
      list_of<Extension>({.name = "extension.list_of_parent",
                          .where = "dialect = $1 AND kind = $2 AND domain_id = $3 AND parent_id = $4",
                          .key_word = "id",
                          .key = {{"id"}},
                          .columns = {{"name"}}});
  return list;
}

}  // namespace list

std::vector<const List*> all_lists() {
  return {&list::users(),
          &list::domains(),
          &list::clients_of_domain(),
          &list::clients_of_group(),
          &list::channels_of_domain(),
          &list::channels_of_group(),
          &list::groups_of_domain(),
          &list::groups_of_parent(),
          &list::connections_of_channel(),
          &list::connections_of_client(),
          &list::groups_of_channel(),
          &list::connections_of_group(),
          &list::members_of_domain(),
          &list::roles_of_scope(),
          &list::members_of_role(),
          &list::roles_of_subject(),
          &list::domains_of_user(),
          &list::keys_of_client(),
          &list::tokens_of_user(),
          &list::live_sessions_of_user(),
          &list::nodes(),
          &list::relationships_of_kind(),
          &list::relationships_of_object(),
          &list::relationships_of_subject(),
          &list::relationships_at_hand(),
          &list::extensions_of_domain(),
          &list::extensions_of_parent()};
}

}  // namespace allauth::store
