// node: gateways without a database, and the tokens that they show to the API.
#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/client.h"
#include "server/cli/commands.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kOptions[] = {"server", "ca", "token-file"};

std::unexpected<Error> usage() {
  return fail(Code::invalid, "usage", "Use: allauth node enroll NAME | list | remove NAME");
}

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

Result<void> run(Args args) {
  TRY(const auto options, parse_options(args, {}));
  TRY(allow_only(options, kOptions));
  const auto& words = options.words;
  TRY(auto token, find_token(options));
  const auto target = target_of(options, std::move(token));
  if (words.size() == 1 && words[0] == "list") return list(target);
  if (words.size() == 2 && words[0] == "enroll") return enroll(target, words[1]);
  if (words.size() == 2 && words[0] == "remove") return remove(target, words[1]);
  return usage();
}

}  // namespace

int node(Args args) {
  const auto done = run(args);
  return done ? 0 : complain(done.error());
}

}  // namespace allauth::server::cli
