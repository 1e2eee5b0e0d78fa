// policy relationships: between things of the installation's own kinds, one text a line.
#include <charconv>
#include <iostream>

#include <fmt/format.h>

#include "model/relationship.h"
#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/resource/request.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kPath = "/api/v1/policy/relationships";
constexpr std::size_t kMostWritten = 1000;

std::unexpected<Error> usage(std::string message) { return fail(Code::invalid, "usage", std::move(message)); }

// `...` behind a subject is SpiceDB's way to say: the subject itself.
Result<Relationship> parse(std::string_view text) {
  auto row = parse_relationship_key(text);
  if (!row)
    return usage(fmt::format("{} is no relationship; write it as shop/document:d1#viewer@user:u1",
                             printable(std::string(text.substr(0, 200)))));
  if (row->subject_relation == "...") row->subject_relation.clear();
  return *std::move(row);
}

std::string ref(std::string_view kind, std::string_view id) {
  return JsonObject().text("kind", kind).text("id", id).done();
}

std::string update_of(std::string_view operation, const Relationship& row) {
  const auto relationship = JsonObject()
                                .raw("resource", ref(row.resource_kind, row.resource_id))
                                .text("relation", row.relation)
                                .raw("subject", ref(row.subject_kind, row.subject_id))
                                .text("subject_relation", row.subject_relation)
                                .done();
  return JsonObject().text("operation", operation).raw("relationship", relationship).done();
}

// The words, or the lines of standard input; empty ones and what begins with // is passed over.
Result<std::vector<std::string>> texts_of(const Options& options) {
  if (!options.words.empty()) return options.words;
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty() || line.starts_with("//")) continue;
    if (lines.size() == kMostWritten) return usage("At most 1000 relationships are written at once.");
    lines.push_back(std::move(line));
  }
  return lines;
}

Result<void> write(const Invocation& invocation) {
  const Options& options = invocation.options;
  if (options.has("create") && options.has("delete")) return usage("Give --create or --delete, not both.");
  const auto* operation = options.has("create") ? "create" : options.has("delete") ? "delete" : "touch";
  TRY(const auto texts, texts_of(options));
  std::string updates;
  for (const auto& text : texts) {
    TRY(const auto row, parse(text));
    updates += (updates.empty() ? "" : ",") + update_of(operation, row);
  }
  TRY(auto connection, Connection::open(options));
  TRY(const auto answer, connection.call("POST", fmt::format("{}/write", kPath),
                                         JsonObject().raw("updates", "[" + updates + "]").done()));
  if (options.has("json")) {
    fmt::print("{}\n", answer);
    return {};
  }
  TRY(const auto done, parse_json(answer));
  const auto number = [&](std::string_view name) {
    const auto* value = member(done, name);
    return value == nullptr || !value->is_number() ? 0 : value->to_number<std::int64_t>();
  };
  if (!options.has("quiet"))
    fmt::print("{} written, {} deleted, at revision {}\n", number("written"), number("deleted"),
               text_member(done, "revision"));
  return {};
}

using Members = std::vector<std::pair<std::string, std::string>>;

// "user", "user:u1", "shop/team#member", "shop/team:t1#member"
void add_subject(Members& members, const std::string& text) {
  const auto mark = text.find('#');
  const auto object = text.substr(0, mark);
  const auto colon = object.find(':');
  members.emplace_back("subject_kind", object.substr(0, colon));
  if (colon != std::string::npos) members.emplace_back("subject_id", object.substr(colon + 1));
  if (mark == std::string::npos) return;
  const auto relation = text.substr(mark + 1);
  members.emplace_back("subject_relation", relation == "..." ? "" : relation);
}

Result<Members> filter_of(const Options& options) {
  if (options.words.size() != 1) return usage("Say which kind of resources is meant, such as shop/document.");
  Members members{{"resource_kind", options.words[0]}};
  const std::pair<std::string_view, std::string_view> names[] = {
      {"id", "resource_id"}, {"id-prefix", "resource_id_prefix"}, {"relation", "relation"}};
  for (const auto& [option, name] : names)
    if (const auto value = options.find(option)) members.emplace_back(name, *value);
  if (const auto subject = options.find("subject")) add_subject(members, *subject);
  return members;
}

Result<std::size_t> limit_of(const Options& options, std::size_t otherwise) {
  const auto text = options.find("limit");
  if (!text) return otherwise;
  std::size_t limit = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (failure != std::errc() || end != text->data() + text->size() || limit == 0)
    return usage("--limit takes a number.");
  return limit;
}

std::string text_of(const Json& relationship) {
  const auto part = [&](std::string_view name) {
    const auto* object = member(relationship, name);
    return object == nullptr ? std::string()
                             : text_member(*object, "kind") + ":" + text_member(*object, "id");
  };
  const auto held_by = text_member(relationship, "subject_relation");
  return fmt::format("{}#{}@{}{}{}", part("resource"), text_member(relationship, "relation"), part("subject"),
                     held_by.empty() ? "" : "#", held_by);
}

// Page by page, so that a long list needs no memory.
Result<void> list(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto members, filter_of(options));
  TRY(std::size_t left, limit_of(options, ~std::size_t{0}));
  TRY(auto connection, Connection::open(options));
  std::string query;
  for (const auto& [name, value] : members)
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encoded(value));
  std::string token;
  do {
    const auto size = std::min(left, kMostWritten);
    TRY(const auto answer,
        connection.call("GET", fmt::format("{}{}&page_size={}{}{}", kPath, query, size,
                                           token.empty() ? "" : "&page_token=", percent_encoded(token))));
    TRY(const auto page, parse_json(answer));
    if (options.has("json")) fmt::print("{}\n", answer);
    const auto* rows = member(page, "relationships");
    const bool listed = rows != nullptr && rows->is_array();
    if (listed && !options.has("json"))
      for (const auto& row : rows->as_array()) fmt::print("{}\n", printable(text_of(row)));
    if (listed) left -= std::min(left, rows->as_array().size());
    token = text_member(page, "next_page_token");
  } while (!token.empty() && left > 0);
  return {};
}

Result<void> remove(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto members, filter_of(options));
  TRY(const auto limit, limit_of(options, kMostWritten));
  JsonObject filter;
  for (const auto& [name, value] : members) filter.text(name, value);
  TRY(auto connection, Connection::open(options));
  TRY(const auto answer, connection.call("POST", fmt::format("{}/delete", kPath),
                                         JsonObject()
                                             .raw("filter", filter.done())
                                             .raw("limit", std::to_string(limit))
                                             .raw("partial", options.has("partial") ? "true" : "false")
                                             .done()));
  if (options.has("json")) {
    fmt::print("{}\n", answer);
    return {};
  }
  TRY(const auto done, parse_json(answer));
  const auto* deleted = member(done, "deleted");
  const auto* more = member(done, "more");
  if (!options.has("quiet"))
    fmt::print("{} deleted{}\n", deleted == nullptr ? "0" : boost::json::serialize(*deleted),
               more != nullptr && *more == true ? "; there are more" : "");
  return {};
}

const std::vector<Option>& filter_options(bool deleting) {
  static const std::vector<Option> shared{
      {"id", "ID", "of this resource only"},
      {"id-prefix", "TEXT", "of resources whose ids begin so"},
      {"relation", "NAME", "of this relation only"},
      {"subject", "KIND[:ID][#RELATION]", "of such subjects only; #... stands for subjects themselves"},
      {"limit", "N", "print so many at most"}};
  static const std::vector<Option> with_part = [] {
    auto options = shared;
    options.back().help = "delete so many at most: 1000 when left out, up to 10000";
    options.push_back({"partial", "", "of more than the limit, delete so many; else it is an error"});
    return options;
  }();
  return deleting ? with_part : shared;
}

}  // namespace

std::vector<Command> relationship_commands() {
  return {
      {.path = "policy relationships list",
       .summary = "Print relationships, one a line",
       .words = "KIND",
       .options = filter_options(false),
       .details = "Those of the product's own kinds are told of one resource (--id) or one subject.",
       .examples = {{"", "allauth policy relationships list shop/document --id d1"},
                    {"what somebody is related to",
                     "allauth policy relationships list shop/team --subject user:ann"}},
       .see_also = {"policy relationships write", "policy relationships delete"},
       .groups = {&output_options(), &server_options()},
       .run = list},
      {.path = "policy relationships write",
       .summary = "Write relationships, all or none",
       .words = "[TEXT...]",
       .options = {{"create", "", "it is an error if one is there already"},
                   {"delete", "", "delete them instead"}},
       .details =
           "Up to 1000, as words or else as lines of standard input. Those that are there already are left "
           "as they are.",
       .examples = {{"", "allauth policy relationships write shop/document:d1#viewer@user:ann"},
                    {"another server's, from standard input",
                     "allauth policy relationships write --profile other"}},
       .see_also = {"policy relationships list"},
       .groups = {&output_options(), &server_options()},
       .run = write},
      {.path = "policy relationships delete",
       .summary = "Delete the relationships that a filter means",
       .words = "KIND",
       .options = filter_options(true),
       .examples = {{"", "allauth policy relationships delete shop/document --id d1"},
                    {"whatever somebody has there",
                     "allauth policy relationships delete shop/document --subject user:ann"}},
       .see_also = {"policy relationships list"},
       .groups = {&output_options(), &server_options()},
       .run = remove},
  };
}

}  // namespace allauth::server::cli
