#include "server/cli/resource/resource.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/resource/call.h"
#include "server/cli/resource/fields.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

void add_once(std::vector<Option>& options, Option option) {
  if (std::ranges::find(options, option.name, &Option::name) == options.end())
    options.push_back(std::move(option));
}

// The id beside a kind: both come from one KIND:ID.
bool belongs_to_pair(const wire::RequestField& field, const std::vector<WordField>& words) {
  const bool is_subject = std::ranges::find(words, "subject", &WordField::name) != words.end();
  return field.name == "scope_id" || (is_subject && (field.name == "kind" || field.name == "id"));
}

std::vector<Option> options_of(const ResourceCommand& resource, const wire::RestMethod& method) {
  const auto words = word_fields(resource);
  const bool lists = method.find("page_token") != nullptr;
  std::vector<Option> options;
  for (const auto& field : method.fields) {
    const bool is_word = std::ranges::find(words, field.name, &WordField::name) != words.end();
    if (is_word || is_hidden(field) || belongs_to_pair(field, words)) continue;
    if (field.secret)
      add_once(options, secret_option(field));
    else if (field.name == "scope_kind" && method.find("scope_id") != nullptr)
      add_once(options, {"on", "KIND:ID", "the thing that the role is on, such as group:ID or platform"});
    else
      add_once(options, option_of(field, lists));
  }
  if (lists) {
    options.push_back({"limit", "N", "at most so many; 50 unless said"});
    options.push_back({"all", "", "all there are"});
  }
  if (!resource.question.empty()) options.push_back({"yes", "", "do not ask", 'y'});
  return options;
}

std::string synopsis_of(const ResourceCommand& resource, const wire::RestMethod& method) {
  std::string synopsis;
  for (const auto& word : word_fields(resource)) {
    const auto* field = method.find(word.name);
    std::string name = field == nullptr ? "KIND:ID" : metavar_of(*field);
    if (word.several) name += "...";
    if (word.optional) name = "[" + name + "]";
    synopsis += (synopsis.empty() ? "" : " ") + name;
  }
  return synopsis;
}

// Where a domain can be left out, clients and the like are looked for by name in this one.
bool needs_domain_option(const wire::RestMethod& method) {
  if (method.find("domain_id") != nullptr) return false;
  return std::ranges::any_of(method.fields, [](const auto& field) {
    return field.name == "client_id" || field.name == "channel_id" || field.name == "group_id";
  });
}

}  // namespace

Command make_command(const ResourceCommand& resource) {
  const auto* method = wire::find_rest_method(resource.method);
  if (method == nullptr) return {.path = resource.path, .summary = resource.summary};  // a test tells
  auto options = options_of(resource, *method);
  if (needs_domain_option(*method))
    add_once(options,
             {"domain", "DOMAIN", "where names and routes are looked for; else the profile's domain"});
  return {.path = resource.path,
          .summary = resource.summary,
          .words = synopsis_of(resource, *method),
          .options = std::move(options),
          .details = resource.details,
          .examples = resource.examples,
          .see_also = resource.see_also,
          .groups = {&output_options(), &server_options()},
          .run = [resource, method](const Invocation& invocation) {
            return call_resource(resource, *method, invocation.options);
          }};
}

std::vector<Command> make_commands(const std::vector<ResourceCommand>& resources) {
  std::vector<Command> commands;
  for (const auto& resource : resources) commands.push_back(make_command(resource));
  return commands;
}

}  // namespace allauth::server::cli
