#include "server/cli/resource/directory.h"

namespace allauth::server::cli {

std::vector<Command> user_commands() {
  const std::string columns = "id email name status created_at";
  return make_commands({
      {.path = "user create",
       .method = "UserService.CreateUser",
       .summary = "Make a user, who signs in with an e-mail address and a password",
       .words = "email",
       .examples = {{"asks for the password", "allauth user create bob@example.org --name Bob"},
                    {"in a script",
                     "allauth user create bob@example.org --name Bob --password-stdin <password"}},
       .see_also = {"domain add-member", "user password"}},
      {.path = "user list",
       .method = "UserService.ListUsers",
       .summary = "List users",
       .columns = columns,
       .examples = {{"", "allauth user list --limit 20"}, {"only ids", "allauth user list --all -q"}}},
      {.path = "user get",
       .method = "UserService.GetUser",
       .summary = "Show a user, or yourself",
       .words = "[user_id]",
       .examples = {{"yourself", "allauth user get"}, {"", "allauth user get bob@example.org"}}},
      {.path = "user update",
       .method = "UserService.UpdateUser",
       .summary = "Change a user",
       .words = "[user_id]",
       .details =
           "Only what is said changes. Tags and metadata that are given replace the old ones as a whole.",
       .examples = {{"", "allauth user update bob@example.org --name Robert --tag staff --tag linz"},
                    {"no tags any more", "allauth user update bob@example.org --tag ''"}}},
      {.path = "user enable",
       .method = "UserService.EnableUser",
       .summary = "Let users sign in and act again",
       .words = "user_id...",
       .says = "The user {} is enabled.",
       .examples = {{"", "allauth user enable bob@example.org"}}},
      {.path = "user disable",
       .method = "UserService.DisableUser",
       .summary = "Keep users out; their sessions and live connections end",
       .words = "user_id...",
       .says = "The user {} is disabled.",
       .examples = {{"", "allauth user disable bob@example.org"}}},
      {.path = "user delete",
       .method = "UserService.DeleteUser",
       .summary = "Delete users",
       .words = "user_id...",
       .says = "The user {} was deleted.",
       .examples = {{"", "allauth user delete bob@example.org"}},
       .question = "Delete the user {}?"},
      {.path = "user password",
       .method = "UserService.ChangePassword",
       .summary = "Set a user's password, or your own",
       .words = "[user_id]",
       .says = "The password was changed; all other sessions have ended.",
       .details = "For your own the current one is asked for, too. On standard input each has a line.",
       .examples = {{"your own", "allauth user password"},
                    {"", "allauth user password bob@example.org --password-stdin <password"}}},
  });
}

}  // namespace allauth::server::cli
