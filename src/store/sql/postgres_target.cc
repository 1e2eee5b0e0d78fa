#include "store/sql/postgres_target.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/text.h"
#include "base/url.h"

namespace allauth::sql {
namespace {

constexpr std::streamsize kLongestPassword = 4096;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::unexpected<Error> bad_url(std::string message, std::string detail = {}) {
  return fail(Code::invalid, "store.url", std::move(message), {}, std::move(detail));
}

// What libpq says about a URL quotes it, so it is asked about one without its password.
std::string complaint_about(const std::string& url) {
  char* said = nullptr;
  const Options options(PQconninfoParse(without_password(url).c_str(), &said));
  std::string text = said ? said : "";
  PQfreemem(said);
  return std::string(trim(text.substr(0, text.find('\n'))));
}

// A password that was not encoded would be taken for something that is shown.
bool is_ambiguous(std::string_view url) {
  const auto login_end = url.rfind('@');
  if (login_end == std::string_view::npos) return without_password(url).ends_with(":***");
  const auto login = url.substr(0, login_end);
  const auto rest = login.substr(std::min(login.size(), login.find("://") + 3));
  return rest.find_first_of("@/?#") != std::string_view::npos;
}

std::string value_of(const PQconninfoOption* options, std::string_view name) {
  for (; options->keyword != nullptr; ++options)
    if (options->keyword == name) return options->val ? options->val : "";
  return {};
}

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> parts;
  for (const auto part : split(text, ',')) parts.emplace_back(part);
  return parts;
}

bool is_port(const std::string& text) { return text.empty() || (parse_u64(text) && text.size() <= 5); }

// "host1:1,host2:2" as libpq has it, in three lists, one by one.
Result<std::vector<PostgresParameters>> hosts_of(const PQconninfoOption* options) {
  constexpr std::array<const char*, 3> kNames{"host", "hostaddr", "port"};
  std::array<std::vector<std::string>, 3> lists;
  std::size_t count = 1;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto value = value_of(options, kNames[i]);
    if (!value.empty()) lists[i] = listed(value);
    count = std::max(count, lists[i].size());
  }
  if (!std::ranges::all_of(lists[2], is_port)) return bad_url("store.url holds a port that is no number.");
  std::vector<PostgresParameters> hosts(count);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists[i].empty()) continue;
    if (lists[i].size() != count && lists[i].size() != 1)
      return bad_url("store.url has not as many ports as hosts.");
    for (std::size_t host = 0; host < count; ++host)
      hosts[host].emplace_back(kNames[i], lists[i].size() == 1 ? lists[i][0] : lists[i][host]);
  }
  return hosts;
}

Result<std::string> read_password(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kLongestPassword, '\0');
  in.read(text.data(), kLongestPassword);
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.resize(text.find_last_not_of("\r\n") + 1);
  if (text.empty())
    return fail(
        Code::unavailable, "store.password_file",
        fmt::format("The file {} with the password of the database cannot be read or is empty.", path));
  return text;
}

}  // namespace

Result<PostgresTarget> PostgresTarget::parse(const std::string& url, const DatabaseOptions& options) {
  if (is_ambiguous(url))
    return bad_url(
        "store.url is ambiguous: write '@' as %40, '/' as %2F, '?' as %3F, ':' as %3A in its password.");
  char* said = nullptr;
  const Options parsed(PQconninfoParse(url.c_str(), &said));
  PQfreemem(said);
  if (!parsed) {
    const auto complaint = complaint_about(url);
    return bad_url(complaint.empty() ? "The password in store.url is not written as a URL wants it."
                                     : "store.url is not a URL of PostgreSQL.",
                   complaint);
  }
  PostgresTarget target;
  target.url_ = url;
  target.password_file_ = options.password_file;
  TRY(target.hosts_, hosts_of(parsed.get()));
  return target;
}

Result<PostgresParameters> PostgresTarget::parameters(std::size_t host) const {
  PostgresParameters all{
      // Defaults, which the URL overrides. A peer that has vanished is noticed within half a minute.
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "20000"},
      {"target_session_attrs", "read-write"},
      {"fallback_application_name", "allauth"},
      {"dbname", url_},
      {"client_encoding", "UTF8"},
  };
  all.insert(all.end(), hosts_[host].begin(), hosts_[host].end());
  if (password_file_.empty()) return all;
  TRY(auto password, read_password(password_file_));
  all.emplace_back("password", std::move(password));
  return all;
}

}  // namespace allauth::sql
