// watch: what happens in the directory, as it happens.
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/resource/request.h"
#include "server/cli/resource/resolve.h"
#include "server/cli/resource/show.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::size_t kLongestLine = 1 << 20;
constexpr Millis kBeforeAgain{1000};

std::string thing(const Json& event, std::string_view what) {
  const auto kind = text_member(event, fmt::format("{}_kind", what));
  const auto id = text_member(event, fmt::format("{}_id", what));
  return id.empty() ? kind : kind + ":" + id;
}

std::string line_of(const Json& event) {
  std::string line = fmt::format("{}  {:<22}  {} by {}", at_path(event, "time"), text_member(event, "what"),
                                 thing(event, "target"), thing(event, "actor"));
  if (const auto domain = text_member(event, "domain_id"); !domain.empty()) line += " in domain:" + domain;
  return printable(line);
}

// What has come of the stream so far.
class Heard {
 public:
  Heard(std::uint64_t limit, bool json) : limit_(limit), json_(json) {}

  // Errors end the stream: "watch.enough" once all that was asked for has come; what the server said at its
  // end.
  Result<void> take(std::string_view bytes) {
    pending_ += bytes;
    for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
      TRY(take_line(pending_.substr(0, end)));
      pending_.erase(0, end + 1);
    }
    if (pending_.size() <= kLongestLine) return {};
    return fail(Code::unavailable, "server.answer", "The server's answer is not what AllAuth answers.");
  }

  // Before a new stream goes on where the last one ended.
  void start_again() { pending_.clear(); }
  const std::string& cursor() const { return cursor_; }

 private:
  Result<void> take_line(const std::string& line) {
    if (line.empty()) return {};
    TRY(const auto message, parse_json(line));
    if (const auto* problem = member(message, "error"))
      return require_success({.status = 503, .body = boost::json::serialize(*problem)});
    if (auto cursor = text_member(message, "cursor"); !cursor.empty()) cursor_ = std::move(cursor);
    const auto* event = member(message, "event");
    if (event == nullptr) return {};
    fmt::print("{}\n", json_ ? line : line_of(*event));
    std::fflush(stdout);
    if (++count_ < limit_) return {};
    return fail(Code::invalid, "watch.enough", "");
  }

  const std::uint64_t limit_;
  const bool json_;
  std::uint64_t count_ = 0;
  std::string cursor_;
  std::string pending_;
};

Result<std::string> path_of(Connection& connection, const Options& options) {
  std::string query;
  const auto add = [&query](std::string_view name, std::string_view value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encoded(value));
  };
  if (const auto domain = options.find("domain").value_or(connection.profile().domain);
      !domain.empty() && !options.has("platform")) {
    Resolver resolver(connection, domain);
    TRY(const auto id, resolver.domain());
    add("domain_id", id);
  }
  for (const auto& kinds : options.all("kind"))
    for (const auto kind : split(kinds, ',')) add("kinds", trim(kind));
  return "/api/v1/watch" + query;
}

std::string with_cursor(std::string path, const std::string& cursor) {
  if (cursor.empty()) return path;
  return fmt::format("{}{}from={}", path, path.find('?') == std::string::npos ? "?" : "&",
                     percent_encoded(cursor));
}

// Whether a stream that ended so can go on where it was.
bool can_go_on(const Error& error) {
  const auto slug = error.reason.slug();
  return slug == "stream.ended" || slug == "server.unreachable" ||
         error.detail.starts_with("server.stopping");
}

Result<void> watch(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(auto connection, Connection::open(options));
  TRY(const auto path, path_of(connection, options));
  const auto limit = options.find("limit") ? parse_u64(*options.find("limit")) : UINT64_MAX;
  if (!limit || *limit == 0) return fail(Code::invalid, "usage", "--limit takes a number from 1 on.");
  Heard heard(*limit, options.has("json"));
  const StreamWatch stream{.on_bytes = [&heard](std::string_view bytes) { return heard.take(bytes); },
                           .go_on = [] { return Result<void>(); }};
  for (std::string said;;) {
    const auto& from = heard.cursor().empty() ? options.find("from").value_or("") : heard.cursor();
    const auto ended = connection.stream(with_cursor(path, from), stream);
    if (ended || ended.error().reason == Reason("watch.enough")) return {};
    if (heard.cursor().empty() || !can_go_on(ended.error())) return ended;
    if (said != heard.cursor())
      fmt::print(stderr, "{} Going on from there once it is back.\n", ended.error().message);
    said = heard.cursor();
    heard.start_again();
    std::this_thread::sleep_for(kBeforeAgain);
  }
}

}  // namespace

std::vector<Command> watch_commands() {
  return {{.path = "watch",
           .summary = "Tell of every change as it happens",
           .options = {{"domain", "DOMAIN", "only what is in this domain; else in the profile's"},
                       {"platform", "", "everything on the platform, whatever the profile's domain"},
                       {"kind", "KIND", "only changes of these, such as client or role; again for more"},
                       {"from", "CURSOR", "what happened after this place; else from now on"},
                       {"limit", "N", "end after so many"},
                       {"json", "", "a line of JSON for each, with its cursor"}},
           .details = "It takes the right audit_read there. When the server goes away it waits and goes on "
                      "where it was; "
                      "Ctrl-C ends it.",
           .examples = {{"", "allauth watch --domain plant-1"},
                        {"for a program", "allauth watch --platform --kind client,user --json"}},
           .see_also = {"explain"},
           .groups = {&server_options()},
           .run = watch}};
}

}  // namespace allauth::server::cli
