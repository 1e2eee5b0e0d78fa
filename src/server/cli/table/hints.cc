#include "server/cli/table/hints.h"

#include <string_view>
#include <utility>

namespace allauth::server::cli {
namespace {

constexpr std::string_view kLogIn = "Run `allauth login`; `allauth whoami` says who you are now.";
constexpr std::string_view kAgain = "Try it again in a moment.";

// The beginning of a reason -> the hint. The first that fits counts.
constexpr std::pair<std::string_view, std::string_view> kHints[] = {
    {"auth.missing", kLogIn},
    {"auth.", "Look at what ALLAUTH_TOKEN or --token-file holds, or run `allauth login`."},
    {"login.failed",
     "E-mail address or user name, and its password. An administrator can set a new one: "
     "`allauth user password`."},
    {"login.", kLogIn},
    {"session.", kLogIn},
    {"token.", "Look at what ALLAUTH_TOKEN or --token-file holds, or run `allauth login`."},
    {"credential.", kLogIn},
    {"gate.credential", kLogIn},
    {"user.disabled", "An administrator can enable it: `allauth user enable`."},
    {"setup.token", "The token works once. `allauth admin reset`, with the server stopped, makes a new one."},
    {"state.behind", kAgain},
    {"store.busy", kAgain},
    {"precondition.", "Somebody changed it meanwhile: look at it again, then try again."},
    {"domain.not_empty", "`--force` deletes what is in it, too."},
    {"group.not_empty", "`--force` deletes it all the same."},
    {"rate.", kAgain},
    {"server.unreachable",
     "Is it running? Another one: --server URL, ALLAUTH_SERVER, or `allauth login --server URL`."},
    {"server.certificate",
     "Trust its authority with --ca FILE, or look whether the URL names the right host."},
};

}  // namespace

std::string hint_for(const Error& error) {
  std::string_view slug = error.reason.slug();
  if (slug == "server.refused") slug = std::string_view(error.detail).substr(0, error.detail.find(','));
  for (const auto& [begin, hint] : kHints)
    if (slug.starts_with(begin)) return std::string(hint);
  return {};
}

}  // namespace allauth::server::cli
