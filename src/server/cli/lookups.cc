// policy lookup, policy expand: who and what a permission is about.
#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/resource/list.h"
#include "server/cli/resource/request.h"
#include "server/cli/resource/resolve.h"
#include "server/cli/resource/show.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::uint64_t kLargestPage = 1000;

// The words without "may", of which there must be so many.
Result<std::vector<std::string>> words_of(const Options& options, std::size_t fewest, std::size_t most,
                                          std::string_view example) {
  auto words = options.words;
  std::erase(words, "may");
  if (words.size() >= fewest && words.size() <= most) return words;
  return fail(Code::invalid, "usage", fmt::format("Ask for example: {}", example));
}

Result<std::string> ref_as_json(Connection& connection, const Options& options, std::string_view text) {
  Resolver resolver(connection, options.find("domain").value_or(connection.profile().domain));
  TRY(const auto ref, parse_ref(text));
  TRY(const auto id, resolver.id_of(ref.kind, ref.id));
  return JsonObject().text("kind", ref.kind).text("id", id).done();
}

// Asks for pages until there are enough. `question`: the members of the request besides the page.
// `show(page)` prints it and says how many it has.
template <class Show>
Result<void> ask_for_pages(Connection& connection, const Options& options, std::string_view path,
                           const std::string& question, const Show& show) {
  TRY(const std::uint64_t limit, limit_of(options));
  std::string token;
  for (std::uint64_t count = 0; count < limit;) {
    const auto size = std::min(kLargestPage, limit - count);
    auto body = fmt::format("{},\"page_size\":{}", question.substr(0, question.size() - 1), size);
    if (!token.empty()) body += fmt::format(",\"page_token\":{}", boost::json::serialize(Json(token)));
    TRY(const auto answer, connection.call("POST", path, body + "}"));
    TRY(const auto page, parse_json(answer));
    if (options.has("json")) fmt::print("{}\n", answer);
    count += show(page, !options.has("json"));
    token = text_member(page, "next_page_token");
    if (token.empty()) return {};
  }
  fmt::print(stderr, "There are more: --all, or --limit N.\n");
  return {};
}

std::size_t for_each(const Json& page, std::string_view list, const auto& print) {
  const auto* items = member(page, list);
  if (items == nullptr || !items->is_array()) return 0;
  for (const auto& item : items->as_array()) print(item);
  return items->as_array().size();
}

std::string way_of(const Json& object) {
  std::string way = text_member(object, "rule");
  for_each(object, "through", [&](const Json& thing) {
    way += fmt::format("  {}:{}", at_path(thing, "kind"), at_path(thing, "id"));
  });
  return way;
}

Result<void> lookup_resources(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto words,
      words_of(options, 2, 3, "allauth policy lookup resources client:ID may publish channel"));
  TRY(auto connection, Connection::open(options));
  JsonObject body;
  if (words.size() == 3 && words[0] != "me") {
    TRY(const auto subject, ref_as_json(connection, options, words[0]));
    body.raw("subject", subject);
  }
  body.text("permission", words[words.size() - 2]).text("object_kind", words.back());
  if (options.has("ways")) body.raw("ways", "true");
  return ask_for_pages(connection, options, "/api/v1/policy/lookup/resources", body.done(),
                       [](const Json& page, bool as_text) {
                         return for_each(page, "objects", [&](const Json& object) {
                           const auto way = way_of(object);
                           if (as_text)
                             fmt::print("{}{}{}\n", printable(text_member(object, "id")),
                                        way.empty() ? "" : "  ", printable(way));
                         });
                       });
}

Result<void> lookup_subjects(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto words,
      words_of(options, 3, 3, "allauth policy lookup subjects client may publish channel:ID"));
  TRY(auto connection, Connection::open(options));
  TRY(const auto object, ref_as_json(connection, options, words[2]));
  JsonObject body;
  body.raw("object", object).text("permission", words[1]).text("subject_kind", words[0]);
  if (const auto relation = options.find("relation")) body.text("subject_relation", *relation);
  bool told_everyone = false;
  return ask_for_pages(connection, options, "/api/v1/policy/lookup/subjects", body.done(),
                       [&](const Json& page, bool as_text) {
                         const auto* everyone = member(page, "everyone");
                         const bool all = everyone != nullptr && *everyone == true;
                         if (all && as_text && !std::exchange(told_everyone, true)) fmt::print("*\n");
                         const auto print = [&](std::string_view before) {
                           return [as_text, before](const Json& id) {
                             if (as_text) fmt::print("{}{}\n", before, printable(in_one_line(id)));
                           };
                         };
                         return for_each(page, "ids", print("")) +
                                for_each(page, "excluded", print("but not "));
                       });
}

std::string set_in_words(const Json& set) {
  const auto relation = text_member(set, "relation");
  return fmt::format("{}:{}{}{}", at_path(set, "kind"), at_path(set, "id"), relation.empty() ? "" : "#",
                     relation);
}

// "union", or who is in a leaf.
std::string node_in_words(const Json& node) {
  std::string text = text_member(node, "kind");
  if (text != "leaf") return text;
  text = member(node, "again") != nullptr && *member(node, "again") == true ? "as above" : "";
  for_each(node, "subjects",
           [&](const Json& set) { text += (text.empty() ? "" : ", ") + set_in_words(set); });
  for_each(node, "denied",
           [&](const Json& set) { text += (text.empty() ? "not " : ", not ") + set_in_words(set); });
  return text.empty() ? "nobody" : text;
}

void print_tree(const boost::json::array& nodes) {
  std::vector<std::pair<std::size_t, std::size_t>> waiting = {{0, 0}};  // node, depth
  while (!waiting.empty()) {
    const auto [at, depth] = waiting.back();
    waiting.pop_back();
    if (at >= nodes.size()) continue;
    const Json& node = nodes[at];
    fmt::print("{:{}}{}:{}#{}  {}\n", "", depth * 2, printable(at_path(node, "object.kind")),
               printable(at_path(node, "object.id")), printable(text_member(node, "relation")),
               printable(node_in_words(node)));
    const auto first = waiting.size();
    for_each(node, "children", [&](const Json& child) {
      // Children come behind their node, so this ends.
      if (child.is_int64() && static_cast<std::uint64_t>(child.as_int64()) > at)
        waiting.emplace_back(static_cast<std::size_t>(child.as_int64()), depth + 1);
    });
    std::reverse(waiting.begin() + static_cast<std::ptrdiff_t>(first), waiting.end());
  }
}

Result<void> expand(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto words, words_of(options, 2, 2, "allauth policy expand publish channel:ID"));
  TRY(auto connection, Connection::open(options));
  TRY(const auto object, ref_as_json(connection, options, words[1]));
  const auto body = JsonObject().text("permission", words[0]).raw("object", object).done();
  TRY(const auto answer, connection.call("POST", "/api/v1/policy/expand", body));
  if (options.has("json")) {
    fmt::print("{}\n", answer);
    return {};
  }
  TRY(const auto tree, parse_json(answer));
  if (const auto* nodes = member(tree, "nodes"); nodes != nullptr && nodes->is_array())
    print_tree(nodes->as_array());
  return {};
}

const Option& domain_option() {
  static const Option option{"domain", "DOMAIN",
                             "where names and routes are looked for; else the profile's domain"};
  return option;
}
const Option& all_option() {
  static const Option option{"all", "", "all of them, however many"};
  return option;
}
const Option& limit_option() {
  static const Option option{"limit", "N", "so many at most (50)"};
  return option;
}

}  // namespace

std::vector<Command> lookup_commands() {
  return {
      {.path = "policy lookup resources",
       .summary = "List all things of a kind on which somebody may do something",
       .words = "[KIND:ID] [may] PERMISSION KIND",
       .options = {{"ways", "",
                    "say of each how it is reached: the rule, and through which roles, groups or domain"},
                   limit_option(),
                   all_option(),
                   domain_option()},
       .details = "Without a first KIND:ID it is about yourself. The word may is optional.",
       .examples = {{"", "allauth policy lookup resources client:thermometer-7 may publish channel"},
                    {"yourself", "allauth policy lookup resources update domain --ways"}},
       .see_also = {"check", "policy lookup subjects"},
       .groups = {&output_options(), &server_options()},
       .run = lookup_resources},
      {.path = "policy lookup subjects",
       .summary = "List all who may do something on a thing",
       .words = "KIND [may] PERMISSION KIND:ID",
       .options = {{"relation", "NAME", "look for sets instead: the holders of this, such as member of role"},
                   limit_option(),
                   all_option(),
                   domain_option()},
       .details = "A * stands for everybody of that kind, but those who are excluded below.",
       .examples = {{"", "allauth policy lookup subjects client may publish channel:temps"},
                    {"the roles whose members may",
                     "allauth policy lookup subjects role may update "
                     "domain:plant-1 --relation member"}},
       .see_also = {"explain", "policy lookup resources"},
       .groups = {&output_options(), &server_options()},
       .run = lookup_subjects},
      {.path = "policy expand",
       .summary = "Show what a permission says of a thing, as a tree of who has it",
       .words = "PERMISSION KIND:ID",
       .options = {domain_option()},
       .examples = {{"", "allauth policy expand publish channel:temps"}},
       .see_also = {"explain"},
       .groups = {&output_options(), &server_options()},
       .run = expand},
  };
}

}  // namespace allauth::server::cli
