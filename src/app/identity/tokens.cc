#include "app/identity/tokens.h"

#include <algorithm>
#include <set>

#include "app/directory/change.h"
#include "app/identity/credentials.h"
#include "codec/base64.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

using Type = CredentialType;

std::string_view prefix_of(Type type) {
  return type == Type::personal_token ? kPersonalTokenPrefix : kUserKeyPrefix;
}

// What acts and errors call it.
std::string_view word_of(Type type) { return type == Type::personal_token ? "token" : "key"; }

Secret make_secret(Type type, Entropy& entropy) {
  std::array<std::uint8_t, 32> bytes;
  entropy.fill(bytes);
  Secret secret(std::string(prefix_of(type)) + codec::base64url_encode(codec::as_text(bytes)));
  wipe_memory(bytes.data(), bytes.size());
  return secret;
}

Blob digest_of(const Core& core, Type type, const Secret& secret) {
  const auto digest =
      type == Type::personal_token ? core.digests.personal_token(secret) : core.digests.user_key(secret);
  return {std::string(codec::as_text(digest))};
}

// How long it may live: as asked for, or as long as can be.
Result<std::optional<Seconds>> check_lifetime(const Core& core, std::optional<Seconds> asked) {
  const Seconds most = core.token_limits.lifetime;
  if (asked && *asked <= Seconds(0))
    return fail(Code::invalid, "token.lifetime", "A token lives for a second at least.", "expires_in");
  if (most == Seconds(0)) return asked;
  if (asked && *asked > most)
    return fail(Code::invalid, "token.lifetime",
                fmt::format("Tokens live for at most {} s here.", most.count()), "expires_in");
  return asked.value_or(most);
}

Result<Tags> scope_texts(const Core& core, Type type, const std::vector<policy::Scope>& scopes) {
  if (type != Type::personal_token && !scopes.empty())
    return fail(Code::invalid, "token.scopes",
                "A user key has no scopes: it is good for all its user may do.", "scopes");
  std::set<std::string> texts;
  for (const auto& scope : scopes) texts.insert(policy::to_text(scope));
  if (texts.size() > static_cast<std::size_t>(core.token_limits.scopes))
    return fail(Code::exhausted, "token.scopes.too_many",
                fmt::format("A token has at most {} scopes.", core.token_limits.scopes), "scopes");
  return Tags(texts.begin(), texts.end());
}

// What is left after the change.
Result<Tags> changed_scopes(const Core& core, const Credential& row, ScopeChange how, const Tags& named) {
  if (how == ScopeChange::set) return named;
  std::set<std::string> texts(row.scopes.begin(), row.scopes.end());
  for (const auto& text : named) {
    if (how == ScopeChange::add)
      texts.insert(text);
    else
      texts.erase(text);
  }
  if (how == ScopeChange::add && texts.size() > static_cast<std::size_t>(core.token_limits.scopes))
    return fail(Code::exhausted, "token.scopes.too_many",
                fmt::format("A token has at most {} scopes.", core.token_limits.scopes), "scopes");
  return Tags(texts.begin(), texts.end());
}

bool is_other_of(const Credential& other, const Credential& row) {
  return other.type == row.type && other.id != row.id;
}

// Under the writer's lock.
Result<void> require_room(store::Read& read, const Core& core, const Credential& row) {
  TRY(const auto all, credentials_of(read, row.owner_kind, row.owner_id));
  const auto others = std::ranges::count_if(all, [&](const auto& other) { return is_other_of(other, row); });
  if (others < core.token_limits.per_user) return {};
  return fail(Code::exhausted, "token.too_many",
              fmt::format("There are {} of these already, and no more are allowed; delete one that is not "
                          "needed any more.",
                          others));
}

Result<void> require_free_name(store::Read& read, const Credential& row) {
  TRY(const auto all, credentials_of(read, row.owner_kind, row.owner_id));
  const bool taken = std::ranges::any_of(
      all, [&](const auto& other) { return is_other_of(other, row) && other.name == row.name; });
  if (!taken) return {};
  return fail(Code::conflict, "token.name_taken", "Another one has this name.", "name");
}

Result<Credential> require_token(store::Read& read, const UserId& user, const CredentialId& id) {
  TRY(auto row, require_row<Credential>(read, id));
  if (!is_token(row.type) || row.owner_kind != kind::user || row.owner_id != user.str())
    return missing_object();
  return row;
}

store::Act token_act(const Caller& caller, const Credential& row, std::string_view what) {
  return act_of(caller, fmt::format("{}.{}", word_of(row.type), what), "credential", row.id.str());
}

// Changes a token of the permit's user.
template <class Act, class Edit>
store::Write<Credential> changing(const Core& core, Permit<Act> permit, CredentialId id,
                                  std::string_view what, std::optional<Revision> expected, Edit edit) {
  return guarded<Credential>(
      core, std::move(permit),
      [id = std::move(id), what, expected, edit = std::move(edit)](store::Tx& tx,
                                                                   const auto& p) -> Result<Credential> {
        TRY(auto row, require_token(tx, p.object(), id));
        TRY(row, change_row(tx, p.caller(), std::move(row), expected,
                            [&](Credential& changed) -> Result<void> { return edit(tx, changed); }));
        tx.act(token_act(p.caller(), row, what));
        return row;
      });
}

Result<void> revoke(store::Tx& tx, Credential& row) {
  row.status = Status::disabled;
  if (!row.revoked_at) row.revoked_at = tx.now();
  return {};
}

}  // namespace

Result<store::Write<MadeToken>> create_token(const Core& core, Permit<act::IssueTokens> permit,
                                             NewToken token) {
  TRY(const auto lifetime, check_lifetime(core, token.lifetime));
  TRY(auto scopes, scope_texts(core, token.type, token.scopes));
  Secret secret = make_secret(token.type, core.entropy);
  auto scheme = std::string(prefix_of(token.type));
  scheme.pop_back();
  Credential row{.id = CredentialId::trusted(core.ids.next()),
                 .owner_kind = std::string(kind::user),
                 .owner_id = permit.object().str(),
                 .type = token.type,
                 .scheme = std::move(scheme),
                 .digest = digest_of(core, token.type, secret),
                 .name = std::move(token.name),
                 .description = std::move(token.description),
                 .scopes = std::move(scopes)};
  return guarded<MadeToken>(core, std::move(permit),
                            [&core, prepared = std::move(row), lifetime, secret = std::move(secret)](
                                store::Tx& tx, const auto& p) -> Result<MadeToken> {
                              Credential row = prepared;
                              TRY(require_row<User>(tx, p.object()));
                              TRY(require_room(tx, core, row));
                              TRY(require_free_name(tx, row));
                              if (lifetime) row.expires_at = tx.now() + *lifetime;
                              row.stamp = fresh_stamp(tx, p.caller());
                              TRY(store::insert(tx, row));
                              tx.act(token_act(p.caller(), row, "created"));
                              return MadeToken{std::move(row), secret.copy()};
                            });
}

Result<Page<Credential>> list_tokens(store::Read& read, const Permit<act::ManageTokens>& permit,
                                     std::optional<CredentialType> type, const ListRequest& request) {
  // At most TokenLimits::per_user of each type.
  TRY(auto rows, credentials_of(read, kind::user, permit.object().str()));
  std::erase_if(rows,
                [&](const Credential& row) { return !is_token(row.type) || (type && row.type != *type); });
  return list_few(std::move(rows), store::list::tokens_of_user(), request, permit.object(),
                  type ? word_of(*type) : std::string_view());
}

Result<Credential> get_token(store::Read& read, const Permit<act::ManageTokens>& permit,
                             const CredentialId& id) {
  return require_token(read, permit.object(), id);
}

Result<store::Write<Credential>> update_token(const Core& core, Permit<act::IssueTokens> permit,
                                              CredentialId id, TokenChanges changes,
                                              std::optional<Revision> expected) {
  return changing(core, std::move(permit), std::move(id), "updated", expected,
                  [changes = std::move(changes)](store::Tx& tx, Credential& row) -> Result<void> {
                    if (changes.name) row.name = *changes.name;
                    if (changes.description) row.description = *changes.description;
                    return require_free_name(tx, row);
                  });
}

Result<store::Write<Credential>> change_scopes(const Core& core, Permit<act::IssueTokens> permit,
                                               CredentialId id, ScopeChange how,
                                               std::vector<policy::Scope> scopes,
                                               std::optional<Revision> expected) {
  TRY(auto named, scope_texts(core, Type::personal_token, scopes));
  return changing(core, std::move(permit), std::move(id), "scopes_changed", expected,
                  [&core, how, named = std::move(named)](store::Tx&, Credential& row) -> Result<void> {
                    if (row.type != Type::personal_token)
                      return fail(Code::invalid, "token.scopes", "A user key has no scopes.", "token_id");
                    TRY(row.scopes, changed_scopes(core, row, how, named));
                    return {};
                  });
}

Result<store::Write<MadeToken>> reset_token(const Core& core, Permit<act::IssueTokens> permit,
                                            CredentialId id, std::optional<Seconds> asked) {
  TRY(const auto lifetime, check_lifetime(core, asked));
  // One for each type: which it is, is seen under the lock.
  auto made = std::make_shared<std::array<Secret, 2>>(std::array<Secret, 2>{
      make_secret(Type::personal_token, core.entropy), make_secret(Type::user_key, core.entropy)});
  return guarded<MadeToken>(
      core, std::move(permit),
      [&core, id = std::move(id), lifetime, made](store::Tx& tx, const auto& p) -> Result<MadeToken> {
        TRY(auto row, require_token(tx, p.object(), id));
        // Whoever follows the log forgets the old digest first.
        row.status = Status::disabled;
        TRY(store::update(tx, row));
        const Secret& secret = (*made)[row.type == Type::personal_token ? 0 : 1];
        row.digest = digest_of(core, row.type, secret);
        row.status = Status::enabled;
        row.revoked_at.reset();
        row.expires_at.reset();
        if (lifetime) row.expires_at = tx.now() + *lifetime;
        touch(row.stamp, tx, p.caller());
        TRY(store::update(tx, row));
        tx.act(token_act(p.caller(), row, "reset"));
        return MadeToken{std::move(row), secret.copy()};
      });
}

Result<store::Write<Credential>> revoke_token(const Core& core, Permit<act::ManageTokens> permit,
                                              CredentialId id, std::optional<Revision> expected) {
  return changing(core, std::move(permit), std::move(id), "revoked", expected, revoke);
}

Result<store::Write<store::Done>> delete_token(const Core& core, Permit<act::ManageTokens> permit,
                                               CredentialId id, std::optional<Revision> expected) {
  return guarded<store::Done>(
      core, std::move(permit),
      [id = std::move(id), expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
        TRY(auto row, require_token(tx, p.object(), id));
        TRY(check_revision(row.stamp, expected));
        tx.act(token_act(p.caller(), row, "deleted"));
        TRY(erase_credential(tx, std::move(row)));
        return store::Done{};
      });
}

}  // namespace allauth::app
