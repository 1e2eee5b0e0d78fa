// node: gateways without a database, and the tokens that they show to the API.
#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/client.h"
#include "server/cli/commands.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

std::string text_of(const boost::json::value& value, const char* member) {
  return std::string(value.at(member).as_string());
}

Result<void> enroll(const ApiTarget& target, const std::string& name) {
  std::string body = "{\"name\":";
  append_json_string(body, name);
  body += "}";
  TRY(const auto answer, call_api(target, "POST", "/api/v1/nodes", body));
  TRY(require_success(answer));
  fmt::print("{}\n", text_of(boost::json::parse(answer.body), "token"));
  fmt::print(stderr,
             "The token of the node {}, shown this once. Put it into the file that upstream_api.token_file "
             "names there, readable by its owner only.\n",
             name);
  return {};
}

Result<void> list(const ApiTarget& target) {
  std::string next;
  do {
    TRY(const auto answer,
        call_api(target, "GET", next.empty() ? "/api/v1/nodes" : "/api/v1/nodes?page_token=" + next, ""));
    TRY(require_success(answer));
    const auto page = boost::json::parse(answer.body);
    for (const auto& node : page.at("nodes").as_array())
      fmt::print("{:<40} {}\n", text_of(node, "name"), text_of(node, "created_at"));
    next = text_of(page, "next_page_token");
  } while (!next.empty());
  return {};
}

Result<void> remove(const ApiTarget& target, const std::string& name) {
  TRY(const auto answer, call_api(target, "DELETE", "/api/v1/nodes/" + name, ""));
  TRY(require_success(answer));
  fmt::print("The token of the node {} is good no more.\n", name);
  return {};
}

Result<ApiTarget> target_of(const Invocation& invocation) {
  TRY(auto token, find_token(invocation.options));
  return cli::target_of(invocation.options, std::move(token));
}

Result<void> run_enroll(const Invocation& invocation) {
  TRY(const auto target, target_of(invocation));
  return enroll(target, invocation.options.words[0]);
}

Result<void> run_list(const Invocation& invocation) {
  TRY(const auto target, target_of(invocation));
  return list(target);
}

Result<void> run_remove(const Invocation& invocation) {
  TRY(const auto target, target_of(invocation));
  return remove(target, invocation.options.words[0]);
}

}  // namespace

std::vector<Command> node_commands() {
  return {
      {.path = "node enroll",
       .summary = "Make the token that a gateway node shows to the API",
       .words = "NAME",
       .details =
           "It is shown this once. Whoever has it learns the whole directory but passwords and what signs.",
       .examples = {{"", "allauth node enroll edge-1 >edge-1.token"}},
       .see_also = {"node list", "node remove"},
       .groups = {&server_options()},
       .run = run_enroll},
      {.path = "node list",
       .summary = "List the enrolled nodes",
       .examples = {{"", "allauth node list"}},
       .groups = {&server_options()},
       .run = run_list},
      {.path = "node remove",
       .summary = "Take a node's token back; its stream ends within a second",
       .words = "NAME",
       .examples = {{"", "allauth node remove edge-1"}},
       .groups = {&server_options()},
       .run = run_remove},
  };
}

}  // namespace allauth::server::cli
