#include "app/directory/users.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

Result<app::NewUser> decode(const v1::CreateUserRequest& request) {
  app::NewUser user{.password = Secret(request.password()), .password_hash = request.password_hash()};
  TRY(user.email, parse_email(request.email()));
  TRY(user.username, parse_or_empty(request.username(), "username", parse_username));
  TRY(user.common, decode_common(request));
  return user;
}

Result<app::UserChanges> decode(const Call& call, const v1::UpdateUserRequest& request) {
  app::UserChanges changes;
  TRY(changes.email, decode_present<std::string>(call, "email", request.email(), parse_email));
  TRY(changes.username,
      decode_present<std::string>(call, "username", request.username(), [](auto& text, auto member) {
        return parse_or_empty(text, member, parse_username);
      }));
  TRY(changes.common, decode_common_changes(call, request));
  return changes;
}

template <class Request>
void add_status(MethodTable& table, const Backend& backend, std::string name, Status status) {
  add_write<Request, v1::User>(
      table, backend, std::move(name),
      [&backend, status](const Call& call, const Request& request) -> Result<store::Write<User>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::EnableUser>(backend, call, request.user_id(), "user_id"));
        return app::set_user_status(backend.core, std::move(allowed), status, expected);
      },
      encode_entity<v1::User>());
}

void add_user_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::GetUserRequest, v1::User>(
      table, backend, "allauth.v1.UserService.GetUser",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetUserRequest& request) -> Result<v1::User> {
        TRY(const auto allowed, user_permit<app::act::ReadUser>(backend, caller, request.user_id()));
        TRY(const auto user, app::get_user(read, allowed));
        return encode(user);
      });

  add_read<v1::ListUsersRequest, v1::ListUsersResponse>(
      table, backend, "allauth.v1.UserService.ListUsers",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListUsersRequest& request) -> Result<v1::ListUsersResponse> {
        TRY(const auto allowed, platform_permit<app::act::ListUsers>(backend, caller));
        TRY(const auto list, decode_list(request));
        TRY(const auto users, app::list_users(read, allowed, list));
        return encode_page<v1::ListUsersResponse>(users, [](auto& response) { return response.add_users(); });
      });
}

}  // namespace

void add_users(MethodTable& table, const Backend& backend) {
  add_user_reads(table, backend);

  add_hashing_write<v1::CreateUserRequest, v1::User>(
      table, backend, "allauth.v1.UserService.CreateUser",
      [&backend](const Call& call, const v1::CreateUserRequest& request) -> Result<store::Write<User>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, platform_permit<app::act::CreateUser>(backend, caller));
        TRY(auto user, decode(request));
        return app::create_user(backend.core, std::move(allowed), std::move(user));
      },
      encode_entity<v1::User>());

  add_write<v1::UpdateUserRequest, v1::User>(
      table, backend, "allauth.v1.UserService.UpdateUser",
      [&backend](const Call& call, const v1::UpdateUserRequest& request) -> Result<store::Write<User>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, user_permit<app::act::UpdateUser>(backend, caller, request.user_id()));
        TRY(auto changes, decode(call, request));
        return app::update_user(backend.core, std::move(allowed), std::move(changes), expected);
      },
      encode_entity<v1::User>());

  add_status<v1::EnableUserRequest>(table, backend, "allauth.v1.UserService.EnableUser", Status::enabled);
  add_status<v1::DisableUserRequest>(table, backend, "allauth.v1.UserService.DisableUser", Status::disabled);

  add_write<v1::DeleteUserRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.UserService.DeleteUser",
      [&backend](const Call& call,
                 const v1::DeleteUserRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::DeleteUser>(backend, call, request.user_id(), "user_id"));
        return app::delete_user(backend.core, std::move(allowed), expected);
      },
      encode_nothing());

  add_hashing_write<v1::ChangePasswordRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.UserService.ChangePassword",
      [&backend](const Call& call,
                 const v1::ChangePasswordRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, user_permit<app::act::ChangePassword>(backend, caller, request.user_id()));
        app::PasswordChange change{.fresh = Secret(request.new_password())};
        if (!request.current_password().empty()) change.current = Secret(request.current_password());
        return app::change_password(backend.core, std::move(allowed), std::move(change));
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
