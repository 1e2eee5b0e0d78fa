#include "server/cli/resource/call.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/options.h"
#include "server/cli/resource/fields.h"
#include "server/cli/resource/list.h"
#include "server/cli/resource/request.h"
#include "server/cli/resource/resolve.h"
#include "server/cli/resource/show.h"
#include "server/cli/terminal/prompt.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

using Field = wire::RequestField;

constexpr std::string_view kStdin = "-stdin";

std::string secret_name(const Field& field) {
  return field.name.ends_with("password") ? "password" : field.name;
}

// One command under way.
class Call {
 public:
  Call(const ResourceCommand& resource, const wire::RestMethod& method, const Options& options,
       Connection connection)
      : resource_(resource),
        method_(method),
        options_(options),
        connection_(std::move(connection)),
        resolver_(connection_, options.find("domain").value_or(connection_.profile().domain)) {}

  Result<void> run();

 private:
  Result<void> take_options();
  Result<void> take_words(const std::vector<std::string>& words);
  void take_oneself();
  Result<void> take_secrets();
  Result<void> take_secret(const Field& field);
  Result<void> resolve();
  Result<bool> go_ahead(const std::string& about);
  Result<void> call_once(const std::string& about);
  void show(const std::string& answer, const std::string& about);

  const ResourceCommand& resource_;
  const wire::RestMethod& method_;
  const Options& options_;
  Connection connection_;
  Resolver resolver_;
  FieldValues values_;
  std::vector<std::string> own_ids_;  // fields that are no references: an id of one's own for a new thing
};

Result<void> Call::take_options() {
  for (const auto& field : method_.fields) {
    if (field.secret || is_hidden(field)) continue;
    const auto option = option_of(field, false);
    const auto given = options_.all(option.name);
    if (!given.empty()) {
      values_[field.name] = given;
      if (field.name == "client_id") own_ids_.push_back(field.name);
    }
  }
  if (const auto on = options_.find("on")) {
    TRY(const auto ref, parse_ref(*on));
    TRY(const auto id, resolver_.id_of(ref.kind, ref.id));
    values_["scope_kind"] = {ref.kind};
    if (!id.empty()) values_["scope_id"] = {id};
  }
  return {};
}

// What is one's own, unless another user is named.
void Call::take_oneself() {
  const auto* user = method_.find("user_id");
  if (user != nullptr && user->place == Field::Place::path)
    values_.try_emplace("user_id", std::vector<std::string>{"me"});
}

Result<void> Call::take_words(const std::vector<std::string>& words) {
  take_oneself();
  std::size_t at = 0;
  for (const auto& word : word_fields(resource_)) {
    if (at == words.size()) break;
    if (word.name == "subject") {
      TRY(const auto ref, parse_ref(words[at++]));
      TRY(const auto id, resolver_.id_of(ref.kind, ref.id));
      values_["kind"] = {ref.kind};
      values_["id"] = {id};
    } else {
      values_[word.name] = {words[at++]};
    }
  }
  return {};
}

Result<void> Call::take_secrets() {
  for (const auto& field : method_.fields)
    if (field.secret && !is_hidden(field)) TRY(take_secret(field));
  return {};
}

Result<void> Call::take_secret(const Field& field) {
  const std::string name = secret_name(field);
  const bool from_stdin = options_.has(name + std::string(kStdin));
  const bool own = values_.contains("user_id") && values_["user_id"].back() == "me";
  if ((field.optional && !from_stdin) || (field.name == "current_password" && !own)) return {};
  const bool chosen_now = field.name == "password" || field.name == "new_password";
  auto secret = chosen_now && !from_stdin
                    ? read_new_password("Password (15 characters or more)")
                    : read_password(field.name == "current_password" ? "Current password" : name, from_stdin);
  if (!secret) return fail(secret.error());
  values_[field.name] = {std::move(*secret).reveal()};
  return {};
}

// The domain first: the others are looked for in it.
Result<void> Call::resolve() {
  if (method_.find("domain_id") != nullptr) {
    if (const auto given = values_.find("domain_id"); given != values_.end())
      resolver_.look_in(given->second.back());
    TRY(const auto domain, resolver_.domain());
    if (!domain.empty()) values_["domain_id"] = {domain};
  }
  for (auto& [name, given] : values_) {
    const auto kind = kind_of_field(name);
    if (kind.empty() || kind == "domain" || std::ranges::find(own_ids_, name) != own_ids_.end()) continue;
    TRY(given.back(), resolver_.id_of(kind, given.back()));
  }
  return {};
}

Result<bool> Call::go_ahead(const std::string& about) {
  const bool harmless = resource_.question.empty() || options_.has("yes");
  const bool by_force = options_.has("force");
  if (harmless || (!input_is_terminal() && !by_force)) return true;
  std::string question = fmt::format(fmt::runtime(resource_.question), printable(about));
  if (by_force) question += " With all that is in it?";
  return confirm(question);
}

void Call::show(const std::string& answer, const std::string& about) {
  const auto json = answer.empty() ? Result<Json>(Json()) : parse_json(answer);
  if (options_.has("json")) {
    if (!answer.empty()) fmt::print("{}\n", answer);
  } else if (options_.has("quiet")) {
    if (json) print_ids(*json, resource_.columns);
  } else if (!resource_.says.empty()) {
    fmt::print("{}\n", fmt::format(fmt::runtime(resource_.says), printable(about)));
  } else if (json && !resource_.columns.empty()) {
    print_list(*json, resource_.columns);
  } else if (json) {
    fmt::print("{}", show_thing(*json));
  }
}

Result<void> Call::call_once(const std::string& about) {
  TRY(const bool sure, go_ahead(about));
  if (!sure) return fail(Code::denied, "command.not_sure", "Nothing was done.");
  TRY(const auto request, make_request(method_, values_));
  TRY(auto answer, connection_.call(request.method, request.path, request.body));
  show(answer, about);
  wipe_memory(answer.data(), answer.size());
  return {};
}

Result<void> Call::run() {
  TRY(take_options());
  const auto fields = word_fields(resource_);
  const bool several = !fields.empty() && fields.back().several;
  const auto& words = options_.words;
  const std::size_t fixed = several ? fields.size() - 1 : words.size();
  for (std::size_t i = fixed; i < std::max(words.size(), fixed + 1); ++i) {
    std::vector<std::string> these(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(fixed));
    if (several && i < words.size()) these.push_back(words[i]);
    TRY(take_words(these));
    TRY(take_secrets());
    TRY(resolve());
    if (method_.find("page_token") != nullptr)
      return list_all(connection_, method_, values_, options_, resource_.columns);
    TRY(call_once(these.empty() ? "" : these.back()));
  }
  return {};
}

}  // namespace

std::vector<WordField> word_fields(const ResourceCommand& resource) {
  std::vector<WordField> fields;
  for (auto word : split(resource.words, ' ')) {
    if (word.empty()) continue;
    WordField field{.name = {}, .optional = word.starts_with('['), .several = word.find("...") != word.npos};
    for (const char c : word)
      if (std::string_view("[].").find(c) == std::string_view::npos) field.name += c;
    fields.push_back(std::move(field));
  }
  return fields;
}

Option secret_option(const Field& field) {
  const std::string name = secret_name(field);
  return {.name = name + std::string(kStdin),
          .metavar = "",
          .help = field.optional ? fmt::format("bring a {} of your own: a line of standard input", name)
                                 : fmt::format("read the {} from standard input instead of asking", name)};
}

Result<void> call_resource(const ResourceCommand& resource, const wire::RestMethod& method,
                           const Options& options) {
  TRY(auto connection, Connection::open(options));
  return Call(resource, method, options, std::move(connection)).run();
}

}  // namespace allauth::server::cli
