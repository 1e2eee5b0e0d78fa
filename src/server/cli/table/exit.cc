#include "server/cli/table/exit.h"

#include <fmt/format.h>

#include "server/cli/table/hints.h"

namespace allauth::server::cli {

Exit exit_of(const Error& error) {
  const auto slug = error.reason.slug();
  if (slug.starts_with("usage")) return Exit::usage;
  if (slug == "login.needed") return Exit::logged_out;
  if (slug == "check.denied") return Exit::denied;
  if (slug == "server.unreachable" || slug == "server.certificate") return Exit::unreachable;
  if (slug != "server.refused") return Exit::failed;
  if (error.code == Code::unauthenticated) return Exit::logged_out;
  return error.code == Code::not_found ? Exit::not_found : Exit::failed;
}

int complain(const Error& error, std::string_view about) {
  const Exit exit = exit_of(error);
  if (!error.message.empty()) {
    std::string line = fmt::format("allauth: {}", error.message);
    if (!error.field.empty()) line += fmt::format(" [{}]", error.field);
    if (!error.detail.empty()) line += fmt::format(" ({})", error.detail);
    fmt::print(stderr, "{}\n", line);
  }
  if (const auto hint = hint_for(error); !hint.empty()) fmt::print(stderr, "  {}\n", hint);
  if (exit == Exit::usage) fmt::print(stderr, "  More: allauth help{}{}\n", about.empty() ? "" : " ", about);
  return static_cast<int>(exit);
}

}  // namespace allauth::server::cli
