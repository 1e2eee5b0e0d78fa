#include "bench/options.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace allauth::bench {
namespace {

struct Switch {
  std::string_view name;
  bool Options::* member;
  bool value;
};
constexpr Switch kSwitches[] = {
    {"--quick", &Options::quick, true},
    {"--full", &Options::full, true},
    {"--no-pin", &Options::pin, false},
};

struct Text {
  std::string_view name;
  std::string Options::* member;
};
constexpr Text kTexts[] = {
    {"--allauth", &Options::allauth}, {"--mosquitto", &Options::mosquitto},
    {"--haproxy", &Options::haproxy}, {"--endpoint", &Options::endpoint},
    {"--token", &Options::token},     {"--json", &Options::json},
};

Result<std::vector<std::string>> parse_rows(std::string_view text) {
  const Options known;
  std::vector<std::string> rows;
  for (const auto row : split(text, ',')) {
    if (!known.wants(row))
      return fail(Code::invalid, "usage", fmt::format("There is no row \"{}\".\n{}", row, usage()));
    rows.emplace_back(row);
  }
  return rows;
}

bool take_switch(Options& options, std::string_view name) {
  for (const auto& s : kSwitches) {
    if (s.name != name) continue;
    options.*s.member = s.value;
    return true;
  }
  return false;
}

Result<void> take_value(Options& options, std::string_view name, std::string_view value) {
  if (name == "--rows") {
    TRY(options.rows, parse_rows(value));
    return {};
  }
  for (const auto& text : kTexts) {
    if (text.name != name) continue;
    options.*text.member = value;
    return {};
  }
  return fail(Code::invalid, "usage", fmt::format("{} is not known.\n{}", name, usage()));
}

}  // namespace

bool Options::wants(std::string_view row) const { return std::ranges::find(rows, row) != rows.end(); }

std::string_view usage() {
  return "Use: allauth-bench [--rows http,rpc,check,mqtt,start,writes,login,nodes,size,lists,policy,tokens] "
         "[--quick | "
         "--full] "
         "[--json "
         "FILE]\n"
         "                   [--allauth PATH] [--mosquitto PATH] [--haproxy PATH] [--no-pin]\n"
         "                   [--endpoint http://127.0.0.1:8080 --token ACCESS_TOKEN]";
}

Result<Options> parse_options(std::span<char* const> arguments, std::string default_server) {
  Options options;
  options.allauth = std::move(default_server);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (take_switch(options, name)) continue;
    if (i + 1 == arguments.size())
      return fail(Code::invalid, "usage",
                  fmt::format("{} is not known, or needs a value.\n{}", name, usage()));
    TRY(take_value(options, name, arguments[++i]));
  }
  if (options.endpoint.empty() != options.token.empty())
    return fail(Code::invalid, "usage", "--endpoint and --token belong together.");
  return options;
}

}  // namespace allauth::bench
