// api, info, health: what a server answers, as it is.
#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"
#include "server/cli/resource/show.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

Result<void> call_anything(const Invocation& invocation) {
  const auto& words = invocation.options.words;
  TRY(auto connection, Connection::open(invocation.options));
  TRY(const auto answer, connection.call(words[0], words[1], words.size() == 3 ? words[2] : ""));
  if (!answer.empty()) fmt::print("{}\n", answer);
  return {};
}

Result<void> look_at_health(const Invocation& invocation) {
  const Options& options = invocation.options;
  auto server = options.find("server").value_or(variable("ALLAUTH_SERVER"));
  if (server.empty()) server = "http://127.0.0.1:9090";
  const ApiTarget target{.server = server, .token = {}, .ca_file = options.find("ca").value_or("")};
  TRY(const auto answer, call_api(target, "GET", "/readyz", ""));
  fmt::print("{}", answer.body);
  if (answer.status == 200) return {};
  return fail(Code::unavailable, "server.not_ready", "The server is not ready.");
}

// It takes no credential, and sends none.
Result<void> look_at_info(const Invocation& invocation) {
  TRY(auto connection, Connection::open(invocation.options));
  TRY(const auto answer, connection.call_as_nobody("GET", "/api/v1/info"));
  TRY(const auto info, parse_json(answer));
  fmt::print("{}", invocation.options.has("json") ? answer + "\n" : show_thing(info));
  return {};
}

}  // namespace

std::vector<Command> call_commands() {
  return {
      {.path = "info",
       .summary = "Say what answers at the server: its version and its clock",
       .options = {{"json", "", "the server's JSON, untouched"}},
       .examples = {{"", "allauth info --server https://auth.example.org"}},
       .see_also = {"health", "version"},
       .groups = {&server_options()},
       .run = look_at_info},
      {.path = "health",
       .summary = "Say whether the server is ready",
       .options = {{"server", "URL", "its operations address (ALLAUTH_SERVER; else http://127.0.0.1:9090)"},
                   {"ca", "FILE", "certificates to trust instead of the system's, PEM"}},
       .examples = {{"", "allauth health"}, {"", "allauth health --server http://127.0.0.1:9090"}},
       .run = look_at_health},
      {.path = "api",
       .summary = "Send any request to the API and print the answer's JSON",
       .words = "METHOD PATH [JSON]",
       .examples = {{"", "allauth api GET /api/v1/users/me"},
                    {"", "allauth api POST /api/v1/domains '{\"name\":\"Plant 1\",\"route\":\"plant-1\"}'"}},
       .groups = {&server_options()},
       .run = call_anything},
  };
}

}  // namespace allauth::server::cli
