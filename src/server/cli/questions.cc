// check and explain: may somebody do something?
#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/resource/request.h"
#include "server/cli/resource/resolve.h"
#include "server/cli/resource/show.h"
#include "server/cli/table/help.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kWords = "[KIND:ID] [may] PERMISSION KIND:ID";

Result<std::string> ref_as_json(Resolver& resolver, std::string_view text) {
  TRY(const auto ref, parse_ref(text));
  TRY(const auto id, resolver.id_of(ref.kind, ref.id));
  return JsonObject().text("kind", ref.kind).text("id", id).done();
}

// The question as the API takes it.
Result<std::string> question_of(Connection& connection, const Options& options) {
  auto words = options.words;
  std::erase(words, "may");
  if (words.size() < 2 || words.size() > 3)
    return fail(Code::invalid, "usage", "Ask for example: allauth check client:ID may publish channel:ID");
  Resolver resolver(connection, options.find("domain").value_or(connection.profile().domain));
  JsonObject body;
  if (words.size() == 3 && words[0] != "me") {
    TRY(const auto subject, ref_as_json(resolver, words[0]));
    body.raw("subject", subject);
  }
  TRY(const auto object, ref_as_json(resolver, words.back()));
  return body.text("permission", words[words.size() - 2]).raw("object", object).done();
}

Result<std::string> ask(const Options& options, std::string_view how) {
  TRY(auto connection, Connection::open(options));
  TRY(const auto question, question_of(connection, options));
  return connection.call("POST", fmt::format("/api/v1/auth/{}", how), question);
}

bool is_allowed(const Json& answer) {
  const auto* allowed = member(answer, "allowed");
  return allowed != nullptr && *allowed == true;
}

std::string verdict_of(bool allowed) { return allowed ? tinted("yes", Tint::good) : tinted("no", Tint::bad); }

Result<void> check(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto answer, ask(options, "check"));
  TRY(const auto json, parse_json(answer));
  const bool allowed = is_allowed(json);
  const auto rule = text_member(json, "rule");
  if (options.has("json"))
    fmt::print("{}\n", answer);
  else if (!options.has("quiet"))
    fmt::print("{}{}{}\n", verdict_of(allowed), rule.empty() ? "" : "  ", printable(rule));
  if (allowed) return {};
  return fail(Code::denied, "check.denied", "");  // told already
}

Result<void> explain(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto answer, ask(options, "explain"));
  if (options.has("json")) {
    fmt::print("{}\n", answer);
    return {};
  }
  TRY(const auto json, parse_json(answer));
  fmt::print("{}  {}\n", verdict_of(is_allowed(json)),
             wrap(printable(text_member(json, "text")), output_width().value_or(100), 5));
  const auto* steps = member(json, "steps");
  if (options.has("quiet") || steps == nullptr || !steps->is_array()) return {};
  for (const auto& step : steps->as_array()) fmt::print("  {}\n", printable(in_one_line(step)));
  return {};
}

const std::vector<Option>& domain_option() {
  static const std::vector<Option> options{
      {"domain", "DOMAIN", "where names and routes are looked for; else the profile's domain"}};
  return options;
}

}  // namespace

std::vector<Command> question_commands() {
  return {
      {.path = "check",
       .summary = "Say whether somebody may do something: yes ends with 0, no with 5",
       .words = std::string(kWords),
       .options = domain_option(),
       .details = "Without a first KIND:ID it is about yourself. The word may is optional.",
       .examples = {{"", "allauth check client:thermometer-7 may publish channel:temps"},
                    {"", "allauth check user:bob@example.org update domain:plant-1"},
                    {"yourself", "allauth check delete domain:plant-1"},
                    {"in a script",
                     "allauth check -q client:thermometer-7 publish channel:temps || echo no"}},
       .see_also = {"explain"},
       .groups = {&output_options(), &server_options()},
       .run = check},
      {.path = "explain",
       .summary = "Say why somebody may, or may not, do something",
       .words = std::string(kWords),
       .options = domain_option(),
       .details = "The same decision as `allauth check` makes, with the steps that led to it. It ends with 0 "
                  "either way.",
       .examples = {{"", "allauth explain client:thermometer-7 may subscribe channel:temps"}},
       .see_also = {"check"},
       .groups = {&output_options(), &server_options()},
       .run = explain},
  };
}

}  // namespace allauth::server::cli
