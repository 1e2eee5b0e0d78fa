#include "server/config/values.h"

#include "base/text.h"
#include "base/url.h"
#include "server/config/roles.h"

namespace allauth::server {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t millis;
};
struct RateUnit {
  char letter;
  Seconds time;
};
constexpr std::array<RateUnit, 3> kRateUnits{{{'s', Seconds(1)}, {'m', Seconds(60)}, {'h', Seconds(3600)}}};
constexpr Unit kUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};

std::unexpected<Error> bad(std::string_view expected) {
  return fail(Code::invalid, "config.value", fmt::format("expected {}", expected));
}

template <class E>
struct Word {
  std::string_view name;
  E value;
};
constexpr Word<LogLevel> kLevels[] = {{"debug", LogLevel::debug},
                                      {"info", LogLevel::info},
                                      {"warn", LogLevel::warn},
                                      {"error", LogLevel::error}};
constexpr Word<LogFormat> kFormats[] = {{"human", LogFormat::human}, {"json", LogFormat::json}};
constexpr Word<LogRequestsConfig> kRequests[] = {{"all", LogRequestsConfig::all},
                                                 {"errors", LogRequestsConfig::errors},
                                                 {"none", LogRequestsConfig::none}};
constexpr Word<MigrateConfig> kMigrates[] = {{"default", MigrateConfig::by_engine},
                                             {"auto", MigrateConfig::automatic},
                                             {"never", MigrateConfig::never}};
constexpr Word<TokenAlgorithm> kAlgorithms[] = {
    {"es256", TokenAlgorithm::es256}, {"eddsa", TokenAlgorithm::eddsa}, {"rs256", TokenAlgorithm::rs256}};

template <class E, std::size_t N>
Result<E> parse_word(std::string_view text, const Word<E> (&words)[N]) {
  std::string all;
  for (const auto& word : words) {
    if (word.name == text) return word.value;
    all += fmt::format("{}{}", all.empty() ? "" : " or ", word.name);
  }
  return bad(all);
}

template <class E, std::size_t N>
std::string print_word(E value, const Word<E> (&words)[N]) {
  for (const auto& word : words)
    if (word.value == value) return std::string(word.name);
  return {};
}

}  // namespace

template <>
Result<std::string> parse_value(std::string_view text) {
  return std::string(text);
}

template <>
Result<SecretUrl> parse_value(std::string_view text) {
  return SecretUrl{std::string(text)};
}

template <>
Result<bool> parse_value(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return bad("true or false");
}

template <>
Result<std::int64_t> parse_value(std::string_view text) {
  const auto number = parse_u64(text);
  if (!number || *number > (1ull << 53)) return bad("a whole number");
  return static_cast<std::int64_t>(*number);
}

template <>
Result<Millis> parse_value(std::string_view text) {
  const auto wrong = [] { return bad("a duration such as 500ms, 30s, 5m, 1h30m or 7d"); };
  if (text.empty()) return wrong();
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
    const auto number = parse_u64(digits);
    if (!number || *number > 100'000'000) return wrong();
    text.remove_prefix(digits.size());
    const auto unit = text.substr(0, text.find_first_of("0123456789"));
    text.remove_prefix(unit.size());
    const auto* found = std::ranges::find(kUnits, unit, &Unit::name);
    if (found == std::end(kUnits)) return wrong();
    total += static_cast<std::int64_t>(*number) * found->millis;
  }
  return Millis(total);
}

template <>
Result<Seconds> parse_value(std::string_view text) {
  TRY(const Millis millis, parse_value<Millis>(text));
  if (millis.count() % 1000 != 0) return bad("a duration of whole seconds");
  return std::chrono::duration_cast<Seconds>(millis);
}

template <>
Result<LogLevel> parse_value(std::string_view text) {
  return parse_word(text, kLevels);
}
template <>
Result<LogFormat> parse_value(std::string_view text) {
  return parse_word(text, kFormats);
}
template <>
Result<MigrateConfig> parse_value(std::string_view text) {
  return parse_word(text, kMigrates);
}
template <>
Result<TokenAlgorithm> parse_value(std::string_view text) {
  return parse_word(text, kAlgorithms);
}

template <>
Result<LogRequestsConfig> parse_value(std::string_view text) {
  return parse_word(text, kRequests);
}

template <>
Result<Rate> parse_value(std::string_view text) {
  constexpr std::uint64_t kMost = 1'000'000'000;
  if (text == "off") return Rate{};
  const auto wrong = [] {
    return bad("a rate such as \"10/s\", \"10/s burst 30\", \"5/m\", \"5/h\" or \"off\"");
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash + 1 == text.size()) return wrong();
  const auto* unit = std::ranges::find(kRateUnits, text[slash + 1], &RateUnit::letter);
  if (unit == kRateUnits.end()) return wrong();
  const auto count = parse_u64(text.substr(0, slash));
  auto rest = text.substr(slash + 2);
  std::optional<std::uint64_t> burst = count;  // a unit's worth
  if (rest.starts_with(" burst "))
    burst = parse_u64(rest.substr(7));
  else if (!rest.empty())
    return wrong();
  if (!count || !burst || *count == 0 || *burst == 0 || *count > kMost || *burst > kMost) return wrong();
  return Rate{static_cast<std::int64_t>(*count), static_cast<std::int64_t>(*burst), unit->time};
}

template <>
Result<Roles> parse_value(std::string_view text) {
  Roles roles{.api = false, .gateway = false};
  for (const auto& word : split_list(text)) {
    if (word != "api" && word != "gateway") return bad("api, gateway, or api,gateway");
    (word == "api" ? roles.api : roles.gateway) = true;
  }
  if (!roles.api && !roles.gateway) return bad("api, gateway, or api,gateway");
  return roles;
}

std::string print_value(const std::string& value) { return value; }
std::string print_value(const SecretUrl& value) { return without_password(value.text); }
std::string print_value(bool value) { return value ? "true" : "false"; }
std::string print_value(std::int64_t value) { return fmt::format("{}", value); }
std::string print_value(Seconds value) { return print_value(std::chrono::duration_cast<Millis>(value)); }
std::string print_value(Roles roles) {
  return roles.api && roles.gateway ? "api,gateway" : roles.api ? "api" : "gateway";
}
std::string print_value(LogLevel value) { return print_word(value, kLevels); }
std::string print_value(LogFormat value) { return print_word(value, kFormats); }
std::string print_value(LogRequestsConfig value) { return print_word(value, kRequests); }
std::string print_value(const Rate& rate) {
  if (rate.count == 0) return "off";
  const auto* unit = std::ranges::find(kRateUnits, rate.per, &RateUnit::time);
  return fmt::format("{}/{} burst {}", rate.count, unit->letter, rate.burst);
}
std::string print_value(MigrateConfig value) { return print_word(value, kMigrates); }
std::string print_value(TokenAlgorithm value) { return print_word(value, kAlgorithms); }

std::string print_value(Millis value) {
  std::int64_t rest = value.count();
  if (rest == 0) return "0s";
  std::string out;
  for (const auto& unit : kUnits) {
    if (rest / unit.millis > 0) out += fmt::format("{}{}", rest / unit.millis, unit.name);
    rest %= unit.millis;
  }
  return out;
}

}  // namespace allauth::server
