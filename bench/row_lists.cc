// A page of a list of many users by cursor: at its beginning, in the middle and at its end, against bare
// SQLite reading the same rows behind the same place; and the same over HTTP.
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "app/lists/list_page.h"
#include "bench/child.h"
#include "bench/directory.h"
#include "bench/http.h"
#include "bench/raw_sqlite.h"
#include "bench/rows.h"
#include "bench/site.h"
#include "bench/world.h"

namespace allauth::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kPage = 50;
constexpr std::size_t kStep = 1000;  // of a page on the way to the places
constexpr std::size_t kTimes = 300;  // pages per run
constexpr double kMaxGrowth = 1.2;

struct Place {
  std::string name;                // "start"
  std::string token;               // where the page begins
  std::string user_name, user_id;  // the same for the baseline
};

Result<app::Page<User>> page_of(store::Store& store, std::size_t size, const std::string& token) {
  return store.read([&](store::Read& read) {
    return app::list_page<User>(read, store::list::users(),
                                {.size = size, .token = token, .order_by = "name"});
  });
}

// By going through the whole list, which is a check of it as well.
Result<std::vector<Place>> find_places(store::Store& store, std::size_t users, Report& report) {
  std::vector<Place> places{{.name = "start", .token = {}, .user_name = {}, .user_id = {}}};
  std::size_t seen = 0;
  std::string token;
  do {
    TRY(const auto page, page_of(store, kStep, token));
    const bool halfway = seen < users / 2 && seen + page.items.size() >= users / 2;
    seen += page.items.size();
    token = page.next_token;
    const bool near_end = !token.empty() && seen + kStep >= users;
    const auto& last = page.items.back();
    if (halfway) places.push_back({"middle", token, last.name, last.id.str()});
    if (near_end) places.push_back({"end", token, last.name, last.id.str()});
  } while (!token.empty());
  if (seen != users || places.size() != 3) report.wrong("lists", fmt::format("{} of {} users", seen, users));
  return places;
}

template <class Once>
Result<double> median_micros(Once&& once) {
  Latencies latencies;
  for (std::size_t i = 0; i < kTimes; ++i) {
    const auto begin = SteadyClock::now();
    TRY(once());
    latencies.add(std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now() - begin).count());
  }
  return latencies.micros(0.5);
}

// One request after the other on one connection.
class Caller {
 public:
  static Result<Caller> connect(const Target& target, std::string token) {
    TRY(auto socket, dial(target, Blocking::yes));
    return Caller(std::move(socket), std::move(token));
  }
  Result<void> get(const std::string& path) {
    TRY(send_all(socket_, http_request("GET", path, token_, "")));
    bytes_.clear();
    std::optional<HttpAnswer> answer;
    while (!(answer = parse_answer(bytes_))) TRY(receive_some(socket_, bytes_));
    if (answer->status == 200) return {};
    return fail(Code::unavailable, "answer.status", fmt::format("{} was answered {}", path, answer->status));
  }

 private:
  Caller(Socket socket, std::string token) : socket_(std::move(socket)), token_(std::move(token)) {}
  Socket socket_;
  std::string token_, bytes_;
};

void report_places(std::string_view row, std::span<const Place> places, std::span<const Sample> ours,
                   std::span<const Sample> baseline, Report& report) {
  for (std::size_t i = 0; i < places.size(); ++i)
    report.add({.row = std::string(row),
                .what = fmt::format("page of {} by name, {} of the list, p50", kPage, places[i].name),
                .unit = "µs",
                .ours = ours[i],
                .baseline_name = baseline.empty() ? "" : "SQLite alone",
                .baseline = baseline.empty() ? Sample() : baseline[i]});
  report.add({.row = std::string(row),
              .what = "page at the end of the list",
              .unit = "µs",
              .ours = ours.back(),
              .baseline_name = "at its start",
              .baseline = ours.front(),
              .budget = Budget{Budget::Kind::ratio_at_most, kMaxGrowth}});
}

Result<void> in_process(const Options& options, store::Store& store, const std::string& file,
                        std::span<const Place> places, Report& report) {
  std::vector<Sample> ours(places.size()), raw(places.size());
  for (int run = 0; run < options.runs(); ++run) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      TRY(const double micros, median_micros([&]() -> Result<void> {
            TRY(page_of(store, kPage, places[i].token));
            return {};
          }));
      ours[i].add(micros);
      TRY(const double bare, page_on_sqlite(file, places[i].user_name, places[i].user_id, kPage, kTimes));
      raw[i].add(bare);
    }
  }
  report_places("lists.store", places, ours, raw, report);
  return {};
}

Result<void> over_http(const Options& options, const std::string& data_dir, std::span<const Place> places,
                       Report& report) {
  TRY(const auto server, start_server({.program = options.allauth, .data_dir = data_dir}));
  TRY(auto token, set_up(server));
  TRY(auto caller, Caller::connect(server.api, std::move(token)));
  std::vector<Sample> ours(places.size());
  for (int run = 0; run < options.runs(); ++run) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto path =
          fmt::format("/api/v1/users?order_by=name&page_size={}&page_token={}", kPage, places[i].token);
      TRY(const double micros, median_micros([&] { return caller.get(path); }));
      ours[i].add(micros);
    }
  }
  report_places("lists.http", places, ours, {}, report);
  return {};
}

}  // namespace

Result<void> lists_row(const Options& options, Report& report) {
  const TempDir dir;
  const std::string data_dir = dir.path() + "/data", file = data_dir + "/allauth.db";
  std::filesystem::create_directory(data_dir);
  const std::size_t users = options.quick ? 100'000 : 1'000'000;
  TRY(make_directory(file, {.users = users, .clients = 0}));
  report.note("lists", fmt::format("{} users", users));
  std::vector<Place> places;
  {
    World world;
    TRY(open_store(world, file));
    TRY(places, find_places(*world.store, users, report));
    if (places.size() != 3) return {};
    TRY(in_process(options, *world.store, file, places, report));
  }
  return over_http(options, data_dir, places, report);
}

}  // namespace allauth::bench
