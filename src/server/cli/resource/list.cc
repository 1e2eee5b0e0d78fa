#include "server/cli/resource/list.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/resource/show.h"
#include "server/cli/terminal/progress.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::uint64_t kUsual = 50;
constexpr std::uint64_t kLargestPage = 1000;

std::vector<const Json*> things_of(const boost::json::array& list) {
  std::vector<const Json*> things;
  for (const auto& thing : list) things.push_back(&thing);
  return things;
}

std::string first_column(std::string_view columns) {
  return std::string(columns.substr(0, columns.find(' ')));
}

// What the answer says beside its list: how many there are in all, and whether there are more.
void say_what_is_left(const Json& last, std::uint64_t shown) {
  if (const auto* total = member(last, "total_size"); total != nullptr)
    fmt::print(stderr, "{} of {}.\n", shown, boost::json::serialize(*total));
  if (!text_member(last, "next_page_token").empty())
    fmt::print(stderr, "There are more: --all, or --limit N.\n");
}

void print_ids_of(const std::vector<const Json*>& things, std::string_view columns) {
  for (const auto* thing : things) fmt::print("{}\n", printable(at_path(*thing, first_column(columns))));
}

}  // namespace

Result<std::uint64_t> limit_of(const Options& options) {
  const auto given = options.find("limit");
  if (options.has("all")) return UINT64_MAX;
  if (!given) return kUsual;
  const auto limit = parse_u64(*given);
  if (limit && *limit > 0) return *limit;
  return fail(Code::invalid, "usage", "--limit takes a number from 1 on.");
}

Result<void> list_all(Connection& connection, const wire::RestMethod& method, FieldValues values,
                      const Options& options, std::string_view columns) {
  TRY(const std::uint64_t limit, limit_of(options));
  std::vector<Json> pages;
  std::uint64_t count = 0;
  SystemClock clock;
  for (ProgressLine progress("Reading", clock);;) {
    values["page_size"] = {std::to_string(std::min(kLargestPage, limit - count))};
    TRY(const auto request, make_request(method, values));
    TRY(const auto answer, connection.call(request.method, request.path));
    if (options.has("json")) fmt::print("{}\n", answer);
    TRY(auto page, parse_json(answer));
    const auto* list = list_in(page);
    count += list != nullptr ? list->size() : 0;
    if (options.has("quiet") && list != nullptr && !options.has("json"))
      print_ids_of(things_of(*list), columns);
    pages.push_back(std::move(page));
    if (options.has("json") || options.has("quiet")) pages.erase(pages.begin(), pages.end() - 1);
    progress.show(count, 0, fmt::format("{} so far", count));
    const auto next = text_member(pages.back(), "next_page_token");
    if (next.empty() || count >= limit) break;
    values["page_token"] = {next};
    values.erase("offset");
  }
  if (!options.has("json") && !options.has("quiet")) {
    std::vector<const Json*> things;
    for (const auto& page : pages)
      if (const auto* list = list_in(page)) std::ranges::copy(things_of(*list), std::back_inserter(things));
    fmt::print("{}", show_table(things, columns));
  }
  if (!options.has("quiet") && !options.has("json")) say_what_is_left(pages.back(), count);
  return {};
}

void print_list(const Json& answer, std::string_view columns) {
  const auto* list = list_in(answer);
  if (list == nullptr) {
    fmt::print("{}", show_thing(answer));
  } else if (!list->empty() && list->front().is_object()) {
    fmt::print("{}", show_table(things_of(*list), columns));
  } else {
    for (const auto& item : *list) fmt::print("{}\n", printable(in_one_line(item)));
  }
}

void print_ids(const Json& answer, std::string_view columns) {
  const auto* list = list_in(answer);
  if (!columns.empty() && list != nullptr) {
    print_ids_of(things_of(*list), columns);
    return;
  }
  for (const auto* path : {"id", "client.id", "token.id", "key_id", "user_id"}) {
    const auto id = at_path(answer, path);
    if (id.empty()) continue;
    const auto key = text_member(answer, member(answer, "secret") != nullptr ? "secret" : "key");
    fmt::print("{}{}{}\n", printable(id), key.empty() ? "" : " ", printable(key));
    return;
  }
}

}  // namespace allauth::server::cli
