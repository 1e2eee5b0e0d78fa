#include "server/cli/resource/directory.h"

namespace allauth::server::cli {

std::vector<Command> session_commands() {
  return make_commands({
      {.path = "session list",
       .method = "SessionService.ListSessions",
       .summary = "List your own sessions, the newest first",
       .columns = "session_id current created_at refreshed_at expires_at",
       .examples = {{"", "allauth session list"}}},
      {.path = "session delete",
       .method = "SessionService.DeleteSession",
       .summary = "End sessions of yours: sign out elsewhere",
       .words = "session_id...",
       .says = "The session {} has ended.",
       .examples = {{"", "allauth session delete 0198f3d2-0000-7000-8000-000000000000"}},
       .see_also = {"logout", "session delete-all"}},
      {.path = "session delete-all",
       .method = "SessionService.DeleteAllSessions",
       .summary = "End all sessions of yours, this one too: sign out everywhere",
       .says = "All your sessions have ended.",
       .examples = {{"", "allauth session delete-all"}, {"in a script", "allauth session delete-all --yes"}},
       .see_also = {"session list", "user delete-sessions"},
       .question = "End all your sessions?"},
  });
}

}  // namespace allauth::server::cli
