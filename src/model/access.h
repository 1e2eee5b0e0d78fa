// Roles, credentials, sessions and keys, as they are stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/entities.h"

namespace allauth {

enum class Effect : std::uint8_t { allow = 1, deny = 2 };

// One line of a role: the action on one object of a kind, or on all of that kind in the role's scope.
struct RoleGrant {
  std::string kind;
  std::string object;  // empty: every object of the kind in the role's scope
  std::string action;  // "*": every action
  Effect effect = Effect::allow;

  template <class Self, class Field>
  static void describe(Self& grant, Field&& field) {
    field(1, "kind", grant.kind);
    field(2, "object_id", grant.object);
    field(3, "action", grant.action);
    field(4, "effect", grant.effect);
  }
};

// A named set of actions with members. Its scope, the object that it is on, is the platform, a domain, a
// group, a client or a channel.
struct Role {
  static constexpr std::string_view kTable = "roles";
  static constexpr ImageKind kKind = ImageKind::role;
  static constexpr int kKeys = 1;

  RoleId id;
  std::string scope_kind;
  std::string scope_id;
  std::string name;     // unique in its scope
  bool system = false;  // built in: cannot be changed or deleted
  std::vector<RoleGrant> grants;
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& role, Field&& field) {
    field(1, "id", role.id);
    field(2, "scope_kind", role.scope_kind);
    field(3, "scope_id", role.scope_id);
    field(4, "name", role.name);
    field(5, "is_system", role.system);
    field.children(6, role.grants);
    Stamp::describe(role.stamp, field);
  }
};

// What a grant is called among the actions of its role's scope: "update" on a domain for the domain
// itself, "client_update" for the clients in it.
inline std::string action_on_scope(const Role& role, const RoleGrant& grant) {
  return grant.kind == role.scope_kind ? grant.action : grant.kind + "_" + grant.action;
}

struct RoleMember {
  static constexpr std::string_view kTable = "role_members";
  static constexpr ImageKind kKind = ImageKind::role_member;
  static constexpr int kKeys = 3;

  RoleId role;
  std::string subject_kind;
  std::string subject_id;
  std::string scope_kind;  // the role's scope, repeated: members of a domain are found by it
  std::string scope_id;
  std::string origin;                 // how it came about: "manual", "setup", "creator"
  std::optional<Instant> expires_at;  // the membership is erased then; nothing: it lasts
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& member, Field&& field) {
    field(1, "role_id", member.role);
    field(2, "subject_kind", member.subject_kind);
    field(3, "subject_id", member.subject_id);
    field(4, "scope_kind", member.scope_kind);
    field(5, "scope_id", member.scope_id);
    field(6, "origin", member.origin);
    field(7, "expires_at", member.expires_at);
    Stamp::describe(member.stamp, field);
  }
};

// A personal token is good for its scopes only, a user key for all that its user may do.
enum class CredentialType : std::uint8_t {
  password = 1,
  client_key = 2,
  node_token = 3,
  personal_token = 4,
  user_key = 5,
};

// What stands for its user in place of a login.
inline bool is_token(CredentialType type) {
  return type == CredentialType::personal_token || type == CredentialType::user_key;
}

// What somebody proves to be themselves with. Nothing in it can be used to log in.
struct Credential {
  static constexpr std::string_view kTable = "credentials";
  static constexpr ImageKind kKind = ImageKind::credential;
  static constexpr int kKeys = 1;

  CredentialId id;
  std::string owner_kind;
  std::string owner_id;
  CredentialType type = CredentialType::password;
  std::string scheme;    // how the secret is parsed and made: "argon2id", "ak1", "given", "apt1"
  Blob digest;           // keyed digest to look it up by; empty for passwords
  std::string verifier;  // PHC string; passwords only
  Blob sealed;           // the secret under the master key, where it must be recoverable; else empty
  Status status = Status::enabled;
  std::optional<Instant> expires_at;
  // Of personal tokens and user keys. The name is unique among those of one owner and type.
  std::string name;
  std::string description;
  Tags scopes;  // of a personal token: each as policy::to_text() writes it
  std::optional<Instant> revoked_at;
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& credential, Field&& field) {
    field(1, "id", credential.id);
    field(2, "owner_kind", credential.owner_kind);
    field(3, "owner_id", credential.owner_id);
    field(4, "type", credential.type);
    field(5, "scheme", credential.scheme);
    field(6, "digest", credential.digest);
    field(7, "verifier", credential.verifier);
    field(8, "sealed", credential.sealed);
    field(9, "status", credential.status);
    field(10, "expires_at", credential.expires_at);
    field(16, "name", credential.name);
    field(17, "description", credential.description);
    field(18, "scopes", credential.scopes);
    field(19, "revoked_at", credential.revoked_at);
    Stamp::describe(credential.stamp, field);
  }
};

enum class SessionState : std::uint8_t { active = 1, revoked = 2 };

// A login. Its refresh tokens form a family that is numbered through; only the newest is good.
struct Session {
  static constexpr std::string_view kTable = "sessions";
  static constexpr ImageKind kKind = ImageKind::session;
  static constexpr int kKeys = 1;

  SessionId id;
  UserId user;
  std::int64_t generation = 1;  // number of the newest refresh token
  Instant rotated_at{};         // when that was made
  Instant expires_at{};         // the end of the family
  SessionState state = SessionState::active;
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& session, Field&& field) {
    field(1, "id", session.id);
    field(2, "user_id", session.user);
    field(3, "generation", session.generation);
    field(4, "rotated_at", session.rotated_at);
    field(5, "expires_at", session.expires_at);
    field(6, "state", session.state);
    Stamp::describe(session.stamp, field);
  }
};

// A key that signs tokens; the private half is sealed under the master key.
struct StoredKey {
  static constexpr std::string_view kTable = "signing_keys";
  static constexpr ImageKind kKind = ImageKind::signing_key;
  static constexpr int kKeys = 1;

  std::string kid;
  std::string issuer;  // the name of the issuer that signs with it: "native"
  std::string algorithm;
  Blob sealed;  // PKCS#8 PEM
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& key, Field&& field) {
    field(1, "kid", key.kid);
    field(2, "issuer", key.issuer);
    field(3, "algorithm", key.algorithm);
    field(4, "sealed", key.sealed);
    Stamp::describe(key.stamp, field);
  }
};

// A named value of the installation: the digest key, the digest of the setup token …
struct Setting {
  static constexpr std::string_view kTable = "settings";
  static constexpr ImageKind kKind = ImageKind::setting;
  static constexpr int kKeys = 1;

  std::string name;
  Blob value;
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& setting, Field&& field) {
    field(1, "name", setting.name);
    field(2, "value", setting.value);
    Stamp::describe(setting.stamp, field);
  }
};

}  // namespace allauth
