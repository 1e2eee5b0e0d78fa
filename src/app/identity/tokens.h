// What users show in place of a login: personal tokens, each good for its scopes only, and user keys, which
// are good for all that their user may do, but for making more of either. Both are 256 random bits behind a
// prefix, known to the database by a digest only, and looked up by it in the snapshot: no password hash is
// involved.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/access/gate.h"
#include "app/lists/list_page.h"
#include "model/access.h"
#include "policy/restrictions.h"

namespace allauth::app {

struct NewToken {
  CredentialType type = CredentialType::personal_token;
  std::string name;         // parse_name; unique among those of the user and the type
  std::string description;  // parse_description
  std::vector<policy::Scope> scopes;
  std::optional<Seconds> lifetime;  // nothing: as long as can be
};

// With its secret, at the only moment in which that can be shown.
struct MadeToken {
  Credential row;
  Secret secret;
};

// What is absent stays as it is.
struct TokenChanges {
  std::optional<std::string> name;
  std::optional<std::string> description;
};

// Errors: invalid token.scopes (of a user key), token.lifetime; exhausted token.too_many,
// token.scopes.too_many; conflict token.name_taken.
Result<store::Write<MadeToken>> create_token(const Core& core, Permit<act::IssueTokens> permit,
                                             NewToken token);

// Personal tokens, user keys, or both if `type` is nothing; also those that were revoked or have expired.
Result<Page<Credential>> list_tokens(store::Read& read, const Permit<act::ManageTokens>& permit,
                                     std::optional<CredentialType> type, const ListRequest& request);
// Error, as of all that follow: not_found object.missing.
Result<Credential> get_token(store::Read& read, const Permit<act::ManageTokens>& permit,
                             const CredentialId& id);

// Error: conflict token.name_taken.
Result<store::Write<Credential>> update_token(const Core& core, Permit<act::IssueTokens> permit,
                                              CredentialId id, TokenChanges changes,
                                              std::optional<Revision> expected);

// Sets them, or adds or removes some; those that are there, or are not, already are no error. What is
// connected with the token is cut off within a second, and comes back with what it may then. Errors: invalid
// token.scopes (of a user key); exhausted token.scopes.too_many.
enum class ScopeChange { set, add, remove };
Result<store::Write<Credential>> change_scopes(const Core& core, Permit<act::IssueTokens> permit,
                                               CredentialId id, ScopeChange how,
                                               std::vector<policy::Scope> scopes,
                                               std::optional<Revision> expected);

// A new secret in place of the old one, and a new life; a token that was revoked or had expired is good
// again. Error: invalid token.lifetime.
Result<store::Write<MadeToken>> reset_token(const Core& core, Permit<act::IssueTokens> permit,
                                            CredentialId id, std::optional<Seconds> lifetime);

// Its secret is good for nothing any more from the answer on; what is connected with it is cut off within a
// second. Twice is once.
Result<store::Write<Credential>> revoke_token(const Core& core, Permit<act::ManageTokens> permit,
                                              CredentialId id, std::optional<Revision> expected);
Result<store::Write<store::Done>> delete_token(const Core& core, Permit<act::ManageTokens> permit,
                                               CredentialId id, std::optional<Revision> expected);

}  // namespace allauth::app
