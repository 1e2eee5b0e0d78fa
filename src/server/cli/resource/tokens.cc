#include "server/cli/resource/directory.h"

namespace allauth::server::cli {

std::vector<Command> token_commands() {
  return make_commands({
      {.path = "token create",
       .method = "TokenService.CreateToken",
       .summary = "Make a personal token or an API key of yours, shown this once",
       .words = "name",
       .details =
           "A personal token is good for what its scopes cover of what you may do, an API key for all of it. "
           "Both are shown as bearer tokens, or to the gateway as the password. With -q, id and secret are "
           "printed on one line.",
       .examples = {{"may read the clients of one domain",
                     "allauth token create ci --type personal "
                     "--scope '{\"kind\":\"client\",\"operation\":\"read\",\"domain_id\":\"DOMAIN\"}'"},
                    {"for a day", "allauth token create nightly --type api_key --expires-in 86400"}},
       .see_also = {"token list", "token add-scopes", "token revoke"}},
      {.path = "token list",
       .method = "TokenService.ListTokens",
       .summary = "List which tokens you have, or another user, not what they are",
       .columns = "id type name state expires_at created_at",
       .examples = {{"", "allauth token list"}, {"", "allauth token list --user bob@example.org"}}},
      {.path = "token get",
       .method = "TokenService.GetToken",
       .summary = "Show what a token is good for, not what it is",
       .words = "token_id",
       .examples = {{"", "allauth token get 0198f3d2-0000-7000-8000-000000000000"}}},
      {.path = "token update",
       .method = "TokenService.UpdateToken",
       .summary = "Change the name and the description of a token of yours",
       .words = "token_id",
       .examples = {{"", "allauth token update 0198f3d2-0000-7000-8000-000000000000 --name nightly"}}},
      {.path = "token revoke",
       .method = "TokenService.RevokeToken",
       .summary = "End tokens; what is connected with them is cut off",
       .words = "token_id...",
       .says = "The token {} is good for nothing any more.",
       .examples = {{"", "allauth token revoke 0198f3d2-0000-7000-8000-000000000000"}},
       .see_also = {"token reset"}},
      {.path = "token reset",
       .method = "TokenService.ResetToken",
       .summary = "Give a token of yours a new secret and a new life",
       .words = "token_id",
       .details = "Also one that was revoked or has expired. The old secret is good for nothing any more.",
       .examples = {{"", "allauth token reset 0198f3d2-0000-7000-8000-000000000000 --expires-in 86400"}}},
      {.path = "token delete",
       .method = "TokenService.DeleteToken",
       .summary = "Delete tokens; they end at once",
       .words = "token_id...",
       .says = "The token {} was deleted.",
       .examples = {{"", "allauth token delete 0198f3d2-0000-7000-8000-000000000000"}},
       .question = "Delete the token {}?"},
      {.path = "token set-scopes",
       .method = "TokenService.SetTokenScopes",
       .summary = "Replace all scopes of a personal token; without any, it is good for nothing",
       .words = "token_id",
       .examples = {{"",
                     "allauth token set-scopes 0198f3d2-0000-7000-8000-000000000000 "
                     "--scope '{\"kind\":\"client\",\"operation\":\"read\"}'"}}},
      {.path = "token add-scopes",
       .method = "TokenService.AddTokenScopes",
       .summary = "Let a personal token do more",
       .words = "token_id",
       .examples = {{"",
                     "allauth token add-scopes 0198f3d2-0000-7000-8000-000000000000 "
                     "--scope '{\"kind\":\"channel\",\"operation\":\"publish\"}'"}}},
      {.path = "token remove-scopes",
       .method = "TokenService.RemoveTokenScopes",
       .summary = "Let a personal token do less",
       .words = "token_id",
       .examples = {{"",
                     "allauth token remove-scopes 0198f3d2-0000-7000-8000-000000000000 "
                     "--scope '{\"kind\":\"channel\",\"operation\":\"publish\"}'"}}},
  });
}

}  // namespace allauth::server::cli
