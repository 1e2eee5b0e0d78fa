// The log, the directory, access, credentials and sessions. Columns are those of the row descriptions
// in src/model; text is compared bytewise, empty text stands for "none".
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kDirectory{.version = 1, .min_compatible = 1, .text = R"(
CREATE TABLE log_head (
  id {{int}} NOT NULL PRIMARY KEY CHECK (id = 1),
  revision {{int}} NOT NULL
) {{table}};
INSERT INTO log_head (id, revision) VALUES (1, 0);

CREATE TABLE log_entries (
  revision {{int}} NOT NULL PRIMARY KEY,
  time {{int}} NOT NULL,
  slug {{text}} NOT NULL,
  actor_kind {{text}} NOT NULL,
  actor_id {{text}} NOT NULL,
  on_behalf_of {{text}} NOT NULL,
  domain_id {{text}} NOT NULL,
  request_id {{text}} NOT NULL,
  target_kind {{text}} NOT NULL,
  target_id {{text}} NOT NULL
) {{table}};

CREATE TABLE log_images (
  revision {{int}} NOT NULL REFERENCES log_entries (revision),
  ordinal {{int}} NOT NULL,
  kind {{int}} NOT NULL,
  key {{text}} NOT NULL,
  audience {{int}} NOT NULL,
  bytes {{blob}} NOT NULL,
  PRIMARY KEY (revision, ordinal)
) {{clustered}};

CREATE TABLE users (
  id {{text}} NOT NULL PRIMARY KEY,
  email {{text}} NOT NULL,
  username {{text}} NOT NULL,
  name {{text}} NOT NULL,
  tags {{text}} NOT NULL,
  metadata {{text}} NOT NULL,
  status {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE UNIQUE INDEX users_email ON users (email) WHERE email <> '';
CREATE UNIQUE INDEX users_username ON users (username) WHERE username <> '';

CREATE TABLE domains (
  id {{text}} NOT NULL PRIMARY KEY,
  name {{text}} NOT NULL,
  route {{text}} NOT NULL,
  tags {{text}} NOT NULL,
  metadata {{text}} NOT NULL,
  status {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE UNIQUE INDEX domains_route ON domains (route) WHERE route <> '';

CREATE TABLE clients (
  id {{text}} NOT NULL PRIMARY KEY,
  domain_id {{text}} NOT NULL REFERENCES domains (id),
  name {{text}} NOT NULL,
  tags {{text}} NOT NULL,
  metadata {{text}} NOT NULL,
  status {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE UNIQUE INDEX clients_domain ON clients (domain_id, id);

CREATE TABLE channels (
  id {{text}} NOT NULL PRIMARY KEY,
  domain_id {{text}} NOT NULL REFERENCES domains (id),
  name {{text}} NOT NULL,
  route {{text}} NOT NULL,
  tags {{text}} NOT NULL,
  metadata {{text}} NOT NULL,
  status {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE UNIQUE INDEX channels_domain ON channels (domain_id, id);
CREATE UNIQUE INDEX channels_route ON channels (domain_id, route) WHERE route <> '';

CREATE TABLE connections (
  client_id {{text}} NOT NULL REFERENCES clients (id),
  channel_id {{text}} NOT NULL REFERENCES channels (id),
  domain_id {{text}} NOT NULL REFERENCES domains (id),
  publish {{int}} NOT NULL,
  subscribe {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL,
  PRIMARY KEY (client_id, channel_id)
) {{clustered}};
CREATE INDEX connections_channel ON connections (channel_id, client_id);
CREATE INDEX connections_domain ON connections (domain_id, client_id, channel_id);

CREATE TABLE roles (
  id {{text}} NOT NULL PRIMARY KEY,
  scope_kind {{text}} NOT NULL,
  scope_id {{text}} NOT NULL,
  name {{text}} NOT NULL,
  is_system {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE UNIQUE INDEX roles_name ON roles (scope_kind, scope_id, name);

CREATE TABLE role_grants (
  role_id {{text}} NOT NULL REFERENCES roles (id),
  ordinal {{int}} NOT NULL,
  kind {{text}} NOT NULL,
  object_id {{text}} NOT NULL,
  action {{text}} NOT NULL,
  effect {{int}} NOT NULL,
  PRIMARY KEY (role_id, ordinal)
) {{clustered}};

CREATE TABLE role_members (
  role_id {{text}} NOT NULL REFERENCES roles (id),
  subject_kind {{text}} NOT NULL,
  subject_id {{text}} NOT NULL,
  scope_kind {{text}} NOT NULL,
  scope_id {{text}} NOT NULL,
  origin {{text}} NOT NULL,
  expires_at {{int}},
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL,
  PRIMARY KEY (role_id, subject_kind, subject_id)
) {{clustered}};
CREATE INDEX role_members_subject ON role_members (subject_kind, subject_id, role_id);
CREATE INDEX role_members_scope ON role_members (scope_kind, scope_id, subject_kind, subject_id);

CREATE TABLE credentials (
  id {{text}} NOT NULL PRIMARY KEY,
  owner_kind {{text}} NOT NULL,
  owner_id {{text}} NOT NULL,
  type {{int}} NOT NULL,
  scheme {{text}} NOT NULL,
  digest {{blob}} NOT NULL,
  verifier {{text}} NOT NULL,
  sealed {{blob}} NOT NULL,
  status {{int}} NOT NULL,
  expires_at {{int}},
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE INDEX credentials_digest ON credentials (digest);
CREATE INDEX credentials_owner ON credentials (owner_kind, owner_id, id);

CREATE TABLE sessions (
  id {{text}} NOT NULL PRIMARY KEY,
  user_id {{text}} NOT NULL REFERENCES users (id),
  generation {{int}} NOT NULL,
  rotated_at {{int}} NOT NULL,
  expires_at {{int}} NOT NULL,
  state {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE INDEX sessions_user ON sessions (user_id, id);

CREATE TABLE signing_keys (
  kid {{text}} NOT NULL PRIMARY KEY,
  issuer {{text}} NOT NULL,
  algorithm {{text}} NOT NULL,
  sealed {{blob}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};

CREATE TABLE settings (
  name {{text}} NOT NULL PRIMARY KEY,
  value {{blob}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
)"};

}  // namespace allauth::store
