#include "app/identity/setup.h"

#include "app/access/roles.h"
#include "app/directory/change.h"
#include "codec/base64.h"

namespace allauth::app {
namespace {

constexpr std::string_view kSetupToken = "setup_token";

const Caller& the_system() {
  static const Caller caller = system_caller("setup");
  return caller;
}

Result<void> put_token(store::Tx& tx, const crypto::Digest& digest) {
  TRY(const auto old, store::find<Setting>(tx, kSetupToken));
  Setting setting{.name = std::string(kSetupToken),
                  .value = {std::string(codec::as_text(digest))},
                  .stamp = fresh_stamp(tx, the_system())};
  return old ? store::update(tx, setting) : store::insert(tx, setting);
}

Result<Setting> require_token(store::Read& read, const crypto::Digest& shown) {
  TRY(auto kept, store::find<Setting>(read, kSetupToken));
  if (kept && crypto::equal_ct(kept->value.bytes, codec::as_text(shown))) return std::move(*kept);
  return fail(Code::denied, "setup.token", "The setup token is wrong or was used already.", "setup_token");
}

}  // namespace

Result<bool> is_prepared(store::Read& read) {
  TRY(const auto role, store::find<Role>(read, kPlatformAdminRole));
  return role.has_value();
}

store::Write<store::Done> prepare_platform(const crypto::Digest& setup_token) {
  return {.recheck = {}, .run = [setup_token](store::Tx& tx) -> Result<store::Done> {
            Role role = platform_admin_role();
            role.stamp = fresh_stamp(tx, the_system());
            TRY(store::insert(tx, role));
            TRY(put_token(tx, setup_token));
            tx.act(act_of(the_system(), "platform.prepared", kind::platform, kPlatformId));
            return store::Done{};
          }};
}

store::Write<store::Done> renew_setup_token(const crypto::Digest& setup_token) {
  return {.recheck = {}, .run = [setup_token](store::Tx& tx) -> Result<store::Done> {
            TRY(put_token(tx, setup_token));
            tx.act(act_of(the_system(), "platform.setup_token_renewed", kind::platform, kPlatformId));
            return store::Done{};
          }};
}

Secret make_setup_token(Entropy& entropy) {
  std::array<std::uint8_t, 20> bytes;
  entropy.fill(bytes);
  Secret token("ast_" + codec::hex_encode(codec::as_text(bytes)));
  wipe_memory(bytes.data(), bytes.size());
  return token;
}

Result<store::Write<User>> create_first_admin(const Core& core, const TokenDigests& digests,
                                              store::Store& store, FirstAdmin admin, std::string request_id) {
  const auto shown = digests.setup_token(admin.setup_token);
  TRY(store.read([&](store::Read& read) { return require_token(read, shown); }));
  TRY(const auto password,
      check_new_password(core.password_rules, admin.password, {admin.email, admin.name}));
  TRY(auto record, crypto::hash_password(password, core.password_params, core.entropy));
  User user{
      .id = UserId::trusted(core.ids.next()), .email = std::move(admin.email), .name = std::move(admin.name)};
  return store::Write<User>{.recheck = {},
                            .run = [shown, user = std::move(user), record = std::move(record),
                                    credential = CredentialId::trusted(core.ids.next()),
                                    request_id = std::move(request_id)](store::Tx& tx) -> Result<User> {
                              TRY(const auto token, require_token(tx, shown));
                              TRY(store::erase(tx, token));
                              const Caller caller{the_system().who, request_id};
                              TRY(User made, insert_user(tx, caller, user, credential, record));
                              RoleMember membership =
                                  member_of(platform_admin_role(), kind::user, made.id.str(), "setup");
                              membership.stamp = fresh_stamp(tx, caller);
                              TRY(store::insert(tx, membership));
                              tx.act(act_of(caller, "platform.admin_created", kind::user, made.id.str()));
                              return made;
                            }};
}

}  // namespace allauth::app
